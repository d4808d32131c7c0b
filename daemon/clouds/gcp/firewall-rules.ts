/** Whether a network lets in what clusters need, by the rules that are in force there. Pure. */
import { portOfSsh } from "../../remote/Target.ts"
import { type EffectiveFirewalls, type Firewall, lastPart } from "./api.ts"

interface Layer {
  readonly protocol: string
  /** None: all of them. */
  readonly ports: ReadonlyArray<string>
}
interface Rule {
  readonly isAllowed: boolean
  readonly priority: number
  readonly sources: ReadonlyArray<string>
  readonly layers: ReadonlyArray<Layer>
}
interface Wanted {
  readonly source: string
  readonly protocol: string
  /** Null: all of them. */
  readonly port: number | null
}

const bitsOf = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0)
const rangeOf = (cidr: string): readonly [number, number] => {
  const [address = "", length = "32"] = cidr.split("/")
  const size = 2 ** (32 - Number(length))
  const first = Math.floor(bitsOf(address) / size) * size
  return [first, first + size - 1]
}
/** IPv6 has nothing to do with it. */
const isV4 = (cidr: string) => !cidr.includes(":")
const holds = (outer: string, inner: string) => {
  const [[a, b], [c, d]] = [rangeOf(outer), rangeOf(inner)]
  return a <= c && d <= b
}
const meets = (one: string, other: string) => {
  const [[a, b], [c, d]] = [rangeOf(one), rangeOf(other)]
  return a <= d && c <= b
}

const isOn = ({ ports, protocol }: Layer, wanted: Wanted, whole: boolean): boolean => {
  if (protocol !== "all" && protocol !== wanted.protocol) return false
  if (ports.length === 0) return true
  return ports.some((range) => {
    const [from = 0, to = from] = range.split("-").map(Number)
    if (wanted.port === null) return whole ? from <= 1 && to >= 65_535 : true
    return from <= wanted.port && wanted.port <= to
  })
}

const ofFirewall = ({
  allowed,
  denied,
  direction,
  disabled,
  priority,
  sourceRanges,
  sourceServiceAccounts,
  sourceTags,
  targetServiceAccounts,
  targetTags
}: Firewall): ReadonlyArray<Rule> => {
  // What holds for machines with tags holds for none of ours.
  if (
    disabled ||
    direction === "EGRESS" ||
    [targetTags, targetServiceAccounts, sourceTags, sourceServiceAccounts].some((some) => (some ?? []).length > 0)
  )
    return []
  const rule = (isAllowed: boolean, some: Firewall["allowed"]): ReadonlyArray<Rule> =>
    (some ?? []).length === 0
      ? []
      : [
          {
            isAllowed,
            priority: priority ?? 1000,
            sources: (sourceRanges ?? []).length === 0 ? ["0.0.0.0/0"] : sourceRanges!.filter(isV4),
            layers: some!.map(({ IPProtocol, ports }) => ({ protocol: IPProtocol ?? "all", ports: ports ?? [] }))
          }
        ]
  return [...rule(true, allowed), ...rule(false, denied)]
}

/** Those of an organization come first, each policy by the order of its own rules. */
const rulesOf = ({ firewallPolicys, firewalls }: EffectiveFirewalls): ReadonlyArray<Rule> => {
  const policies = (firewallPolicys ?? []).map(({ rules }) =>
    (rules ?? [])
      .filter(({ action, direction, disabled, targetResources, targetServiceAccounts }) => {
        const isForSome = (targetServiceAccounts ?? []).length > 0 || (targetResources ?? []).length > 0
        return !disabled && direction === "INGRESS" && !isForSome && action !== "goto_next"
      })
      .map(
        ({ action, match, priority }): Rule => ({
          isAllowed: action === "allow",
          priority: priority ?? 1000,
          sources: (match?.srcIpRanges ?? []).filter(isV4),
          layers: (match?.layer4Configs ?? []).map(({ ipProtocol, ports }) => ({ protocol: ipProtocol ?? "all", ports: ports ?? [] }))
        })
      )
  )
  // Of the same priority what denies comes first.
  const order = (rules: ReadonlyArray<Rule>) =>
    rules.toSorted((a, b) => a.priority - b.priority || Number(a.isAllowed) - Number(b.isAllowed))
  return [...policies.flatMap(order), ...order((firewalls ?? []).flatMap(ofFirewall))]
}

const isAllowed = (rules: ReadonlyArray<Rule>, wanted: Wanted): boolean => {
  for (const { isAllowed: allows, layers, sources } of rules) {
    const whole = sources.some((source) => holds(source, wanted.source)) && layers.some((layer) => isOn(layer, wanted, true))
    if (allows && whole) return true
    const some = sources.some((source) => meets(source, wanted.source)) && layers.some((layer) => isOn(layer, wanted, false))
    if (!allows && some) return false
  }
  return false
}

/** Where networks of Google's own making have their addresses. */
export const inside = "10.128.0.0/9"
export const anywhere = "0.0.0.0/0"
/** Whatever rule there is goes before. */
export const lowestPriority = 65_534

/** Everything between its machines, and ssh from wherever their user may be. */
export const needs = (useInternalIps: boolean): ReadonlyArray<Wanted> => [
  { source: inside, protocol: "tcp", port: null },
  { source: inside, protocol: "udp", port: null },
  ...(useInternalIps ? [] : [{ source: anywhere, protocol: "tcp", port: portOfSsh }])
]
export const letsIn = (effective: EffectiveFirewalls, wanted: ReadonlyArray<Wanted>): boolean => {
  const rules = rulesOf(effective)
  return wanted.every((one) => isAllowed(rules, one))
}

const privately = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
const isPrivate = (source: string) => isV4(source) && privately.some((range) => holds(range, source))

/** For certain: no rule in force lets ssh in from outside (or, with `fromWithin`, from anywhere at all), to whatever machines. */
export const isShut = ({ firewallPolicys, firewalls }: EffectiveFirewalls, fromWithin: boolean): boolean => {
  const isReached = (sources: ReadonlyArray<string> | null | undefined) =>
    fromWithin || (sources ?? []).length === 0 || !sources!.every(isPrivate)
  const ssh: Wanted = { source: anywhere, protocol: "tcp", port: portOfSsh }
  const isSsh = (protocol: string | null | undefined, ports: ReadonlyArray<string> | null | undefined) =>
    isOn({ protocol: protocol ?? "all", ports: ports ?? [] }, ssh, false)
  const byRule = (firewalls ?? []).some(
    ({ allowed, direction, disabled, sourceRanges }) =>
      !disabled &&
      direction !== "EGRESS" &&
      isReached(sourceRanges) &&
      (allowed ?? []).some(({ IPProtocol, ports }) => isSsh(IPProtocol, ports))
  )
  const byPolicy = (firewallPolicys ?? [])
    .flatMap(({ rules }) => rules ?? [])
    .some(({ action, direction, disabled, match }) => {
      const mayAllow = !disabled && direction === "INGRESS" && action !== "deny" && action !== "goto_next" && isReached(match?.srcIpRanges)
      const layers = match?.layer4Configs ?? []
      return mayAllow && (layers.length === 0 || layers.some(({ ipProtocol, ports }) => isSsh(ipProtocol, ports)))
    })
  return !byRule && !byPolicy
}

export const isOf = (network: string, link: string | null | undefined): boolean => lastPart(link) === network
