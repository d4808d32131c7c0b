/** What a launch would take and cost, said before it is paid. Pure. */
import type { Launched } from "../../sdk/protocol/launch.ts"
import type { Task } from "../../task/Task.ts"
import { clean, glyph } from "./style.ts"
import { type Screen, table } from "./table.ts"
import { dollars, plural } from "./time.ts"

type Plan = NonNullable<Launched["plan"]>

const infra = ({ cloud, region, zone }: Plan["offer"]) =>
  clean(
    cloud === "ssh"
      ? `ssh/${region}`
      : [cloud === "local" ? "local (this machine)" : cloud.toUpperCase(), zone ?? region].filter(Boolean).join(" ")
  )

/** `· 1 node · local (this machine) · free`. */
export const summary = ({ offer, numNodes }: Plan): string => {
  const price = offer.usdPerHour === 0 ? "free" : `${dollars(numNodes * offer.usdPerHour)} an hour`
  return [plural(numNodes, "node"), infra(offer), price].map((part) => `${glyph("dot")} ${part}`).join(" ")
}

/** A cluster that is there stays as it is, and its CPUs and memory are no part of what must fit (contract, launch-43). */
export const ignored = ({ cluster, plan }: Launched, { resources }: Task): string => {
  if (plan === undefined || plan.newCluster) return ""
  const { cpus, memoryGib } = plan.offer
  const less = [
    ["cpus", resources?.cpus, cpus],
    ["memory", resources?.memory, memoryGib]
  ].filter(([, asked, has]) => Number.parseFloat(String(asked)) > Number(has))
  if (less.length === 0) return ""
  const what = less.map(([name, asked]) => `${name} ${asked}`).join(" and ")
  return `${what} ${less.length > 1 ? "are" : "is"} ignored: ${cluster} is there already, with ${less.map(([, , has]) => has).join(" and ")}.\n`
}

export const planTable = ({ offer, numNodes, newCluster }: Plan, screen: Screen): string => {
  const { instanceType, cpus, memoryGib, accelerators, usdPerHour } = offer
  const titles = ["INFRA", "INSTANCE", "vCPUs", "MEM(GB)", "GPUS", "$/HR", ""]
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
  return table(titles, [{ cells }], screen, ["vCPUs", "MEM(GB)", "$/HR"]) + sum
}
