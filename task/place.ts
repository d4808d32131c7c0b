/** What a place is called: a zone, a region, a pool of the user's own, or a cloud that is one place. Pure. */
import { cloudDisplay } from "./clouds.ts"

interface Place {
  readonly cloud: string
  readonly region: string | null
  readonly zone: string | null
}

/** `AWS us-east-1a`, `ssh/rack`; empty where a cloud is one place. */
export const placeText = ({ cloud, region, zone }: Place): string =>
  region === null ? "" : cloud === "ssh" ? `ssh/${region}` : `${cloudDisplay(cloud)} ${zone ?? region}`

/** Never empty: `local`. */
export const placeName = (place: Place): string => placeText(place) || (place.cloud === "local" ? place.cloud : cloudDisplay(place.cloud))
