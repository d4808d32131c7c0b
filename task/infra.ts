/** `infra: cloud/region/zone`, the newer way to say where; `*` and what is left out mean anywhere. */
import { cloudOf, namesOwnRegions } from "./clouds.ts"

export interface Place {
  readonly cloud?: string
  readonly region?: string
  readonly zone?: string
}

/** Undefined for what is no place: an unknown cloud, an empty part, or too many of them. */
export const parseInfra = (text: string): Place | undefined => {
  const [first = "", ...rest] = text.trim().split("/")
  const cloud = first === "*" ? undefined : cloudOf(first)
  if (first !== "*" && cloud === undefined) return undefined
  const [region, zone, ...others] = namesOwnRegions(cloud) && rest.length > 0 ? [rest.join("/")] : rest
  if (others.length > 0 || region === "" || zone === "") return undefined
  const given = (part: string | undefined) => part !== undefined && part !== "*"
  return {
    ...(cloud === undefined ? {} : { cloud }),
    ...(given(region) ? { region: region! } : {}),
    ...(given(zone) ? { zone: zone! } : {})
  }
}
