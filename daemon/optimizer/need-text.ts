/** What is wanted, in words that go after "there is no". Pure. */
import type { Need } from "../../task/Need.ts"
import { needInWords } from "../../task/resources-text.ts"

const anything = needInWords({})

/** `spot V100:3 with 8+ CPUs in us-west-1`; of the cloud that it names nothing is said. */
export const wantText = ({ cloud: _, region, zone, ...need }: Need): string => {
  const { cpus, memory } = need
  const words = needInWords(need)
  const amounts = [cpus && `${cpus} CPUs`, memory && `${memory} GiB of memory`].filter(Boolean).join(" and ")
  const place = zone ?? region
  return `${words === anything ? "machine" : words}${amounts === "" ? "" : ` with ${amounts}`}${place === undefined ? "" : ` in ${place}`}`
}
