/** Ports to open: numbers and ranges, in one form, sorted, with neighbours joined. */
type Port = number | string
type PortsField = Port | ReadonlyArray<Port>

const portMax = 65_535
const pattern = /^(\d+)(?:-(\d+))?$/

type Range = readonly [from: number, to: number]

const rangeOf = (port: Port): Range | undefined => {
  const [, from = "", to = from] = pattern.exec(String(port)) ?? []
  const range = [Number(from), Number(to)] as const
  return from !== "" && range[0] >= 1 && range[0] <= range[1] && range[1] <= portMax ? range : undefined
}

const listOf = (field: PortsField): ReadonlyArray<Port> => (Array.isArray(field) ? field : [field as Port])

/** The first that is no port, if any. */
export const badPort = (field: PortsField): Port | undefined => listOf(field).find((port) => rangeOf(port) === undefined)

const joined = (field: PortsField): ReadonlyArray<Range> => {
  const ranges = listOf(field)
    .flatMap((port) => [rangeOf(port)].filter((range) => range !== undefined))
    .sort((a, b) => a[0] - b[0])
  const result: Array<Range> = []
  for (const [from, to] of ranges) {
    const last = result.at(-1)
    if (last !== undefined && from <= last[1] + 1) result[result.length - 1] = [last[0], Math.max(last[1], to)]
    else result.push([from, to])
  }
  return result
}

const rangeText = ([from, to]: Range) => (from === to ? `${from}` : `${from}-${to}`)

export const portTexts = (field: PortsField): ReadonlyArray<string> => joined(field).map(rangeText)

/** `port 80`, `ports 80, 8000-8010`. */
export const portsText = (ports: ReadonlyArray<string>): string =>
  `${ports.length === 1 && !ports[0]!.includes("-") ? "port" : "ports"} ${ports.join(", ")}`

/** What of `wanted` is not in `open`; both in any form. */
export const portsBeyond = (open: PortsField, wanted: PortsField): ReadonlyArray<string> => {
  const there = joined(open)
  return joined(wanted).flatMap(([from, to]) => {
    const rest: Array<Range> = []
    let next = from
    for (const [first, last] of there) {
      if (last < next || first > to) continue
      if (first > next) rest.push([next, first - 1])
      next = last + 1
    }
    return [...rest, ...(next <= to ? [[next, to] as const] : [])].map(rangeText)
  })
}

/** Whether `open` has all of `wanted`; both in any form. */
export const holdsPorts = (open: PortsField, wanted: PortsField): boolean => portsBeyond(open, wanted).length === 0
