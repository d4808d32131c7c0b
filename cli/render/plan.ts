/** What a launch would take and cost, said before it is paid. Pure. */
import type { Launched } from "../../sdk/protocol/launch.ts"
import { clean, glyph } from "./style.ts"
import { type Screen, table } from "./table.ts"
import { dollars, plural } from "./time.ts"

type Plan = NonNullable<Launched["plan"]>

const infra = ({ cloud, region, zone }: Plan["offer"]) =>
  clean([cloud === "local" ? "local (this machine)" : cloud.toUpperCase(), zone ?? region].filter(Boolean).join(" "))

/** `· 1 node · local (this machine) · free`. */
export const summary = ({ offer, numNodes }: Plan): string => {
  const price = offer.usdPerHour === 0 ? "free" : `${dollars(numNodes * offer.usdPerHour)} an hour`
  return [plural(numNodes, "node"), infra(offer), price].map((part) => `${glyph("dot")} ${part}`).join(" ")
}

export const planTable = ({ offer, numNodes, newCluster }: Plan, screen: Screen): string => {
  const { instanceType, cpus, memoryGib, accelerators, usdPerHour } = offer
  const columns = [
    { title: "INFRA" },
    { title: "INSTANCE" },
    { title: "vCPUs", right: true },
    { title: "MEM(GB)", right: true },
    { title: "GPUS" },
    { title: "$/HR", right: true },
    { title: "" }
  ]
  const cells = [
    infra(offer),
    clean(instanceType ?? "-"),
    String(cpus),
    memoryGib.toFixed(0),
    accelerators === null ? "-" : clean(`${accelerators.name}:${accelerators.count}`),
    usdPerHour === 0 ? "free" : usdPerHour.toFixed(2),
    `${glyph("chosen")} ${newCluster ? "chosen" : "the cluster that is there"}`
  ]
  const sum = usdPerHour === 0 ? "" : `${plural(numNodes, "node")}: ${dollars(numNodes * usdPerHour)} an hour.\n`
  return table(columns, [{ cells }], screen) + sum
}
