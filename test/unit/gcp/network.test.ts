/** Which networks let in what a cluster needs. */
import { describe, expect, it } from "vitest"
import type { EffectiveFirewalls, Firewall } from "../../../daemon/clouds/gcp/api.ts"
import { isShut, letsIn, needs } from "../../../daemon/clouds/gcp/firewall-rules.ts"

const rule = (changes: Firewall): Firewall => ({ direction: "INGRESS", priority: 1000, ...changes })
const inside = rule({
  sourceRanges: ["10.128.0.0/9"],
  allowed: [
    { IPProtocol: "tcp", ports: ["0-65535"] },
    { IPProtocol: "udp", ports: ["0-65535"] }
  ]
})
const ssh = rule({ sourceRanges: ["0.0.0.0/0"], allowed: [{ IPProtocol: "tcp", ports: ["22"] }] })
const lets = (useInternalIps: boolean, firewalls: ReadonlyArray<Firewall>, more: EffectiveFirewalls = {}) =>
  letsIn({ firewalls: [...firewalls], ...more }, needs(useInternalIps))

describe("a network will do", () => {
  it("as every project has one from the start: everything inside, ssh from anywhere", () => {
    expect(lets(false, [inside, ssh])).toBe(true)
  })
  it("with one rule for everything", () => {
    expect(lets(false, [rule({ allowed: [{ IPProtocol: "all" }] })])).toBe(true)
    expect(lets(false, [rule({ sourceRanges: ["0.0.0.0/0"], allowed: [{ IPProtocol: "tcp" }, { IPProtocol: "udp" }] })])).toBe(true)
  })
  it("without ssh from outside, where nobody comes from there", () => {
    expect([lets(false, [inside]), lets(true, [inside])]).toEqual([false, true])
  })
})

describe("a network will not do", () => {
  it.each([
    ["whose rules are for machines with tags", [{ ...inside, targetTags: ["web"] }, ssh]],
    ["whose rules are for accounts", [{ ...inside, targetServiceAccounts: ["a@b"] }, ssh]],
    ["that lets in some ports only", [{ ...inside, allowed: [{ IPProtocol: "tcp", ports: ["22"] }] }, ssh]],
    ["that lets ssh in from an office only", [inside, { ...ssh, sourceRanges: ["203.0.113.0/24"] }]],
    ["whose rule is switched off", [{ ...inside, disabled: true }, ssh]],
    [
      "where a rule before forbids it",
      [inside, ssh, rule({ priority: 900, sourceRanges: ["0.0.0.0/0"], denied: [{ IPProtocol: "tcp", ports: ["22"] }] })]
    ],
    ["where a rule of the same rank forbids it", [inside, ssh, rule({ sourceRanges: ["10.130.0.0/16"], denied: [{ IPProtocol: "all" }] })]],
    ["that lets out only", [{ ...inside, direction: "EGRESS" }, ssh]]
  ] as const)("%s", (_, firewalls) => {
    expect(lets(false, firewalls as ReadonlyArray<Firewall>)).toBe(false)
  })
  it("where the organization forbids it, whatever its own rules say; what that passes on does not count", () => {
    const policy = (action: string) => ({
      firewallPolicys: [
        {
          rules: [
            {
              action,
              direction: "INGRESS",
              priority: 1,
              match: { srcIpRanges: ["0.0.0.0/0"], layer4Configs: [{ ipProtocol: "tcp", ports: ["22"] }] }
            }
          ]
        }
      ]
    })
    expect(lets(false, [inside, ssh], policy("deny"))).toBe(false)
    expect(lets(false, [inside, ssh], policy("goto_next"))).toBe(true)
    expect(lets(false, [inside], policy("allow"))).toBe(true)
  })
  it("where only what comes later forbids it, it will", () => {
    expect(lets(false, [inside, ssh, rule({ priority: 65534, sourceRanges: ["0.0.0.0/0"], denied: [{ IPProtocol: "all" }] })])).toBe(true)
  })
})

describe("a network that the user names is shut for certain", () => {
  const shut = (firewalls: ReadonlyArray<Firewall>, fromWithin = false) => isShut({ firewalls: [...firewalls] }, fromWithin)
  it("where no rule lets ssh in from outside", () => {
    expect([shut([]), shut([inside]), shut([{ ...ssh, disabled: true }])]).toEqual([true, true, true])
  })
  it("but not where some may be let in, from an office or to machines with tags, or from within", () => {
    expect(shut([{ ...ssh, sourceRanges: ["203.0.113.0/24"] }])).toBe(false)
    expect(shut([{ ...ssh, targetTags: ["web"] }])).toBe(false)
    expect(shut([inside], true)).toBe(false)
  })
})
