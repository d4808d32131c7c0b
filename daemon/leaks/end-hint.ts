/** How machines that cannot be adopted are ended, as a hint whose words can be typed as they are. Pure. */
import type { Owned } from "../clouds/Cloud.ts"

export const idOf = ({ host, node }: Owned): string => host ?? node

/** At the cloud's own command line; null where it has none. */
const byHand = (cloud: string, machines: ReadonlyArray<Owned>): string | null => {
  const ids = (those: ReadonlyArray<Owned>) => those.map(idOf).join(" ")
  const inPlaces = (placeOf: (machine: Owned) => string | null, text: (ids: string, place: string) => string) =>
    [...Map.groupBy(machines, placeOf)].map(([place, those]) => text(ids(those), place ?? "")).join("; ")
  if (cloud === "aws")
    return inPlaces(
      ({ region }) => region,
      (some, region) => `aws ec2 terminate-instances --region ${region} --instance-ids ${some}`
    )
  if (cloud !== "gcp") return null
  return inPlaces(
    ({ zone }) => zone,
    (some, zone) => `gcloud compute instances delete --zone ${zone} ${some}`
  )
}

interface Whose {
  readonly cloud: string
  readonly isOurs: boolean
}

/** What another log has made is not ended from here, and what cannot be adopted never will be. */
export const endHint = (what: string, { cloud, isOurs }: Whose, machines: ReadonlyArray<Owned>): string => {
  if (isOurs) return `${what}: sky leaks --terminate ${machines.map(idOf).join(" ")}`
  const there = byHand(cloud, machines)
  return there === null ? `${what} with the daemon that has made it` : `${what} at its cloud, for another log has made it: ${there}`
}
