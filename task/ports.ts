/** Ports to open: numbers and ranges, in one form, sorted, with neighbours joined. */
type Port = number | string
export type PortsField = Port | ReadonlyArray<Port>

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

export const portTexts = (field: PortsField): ReadonlyArray<string> =>
  joined(field).map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))

/** Whether `open` has all of `wanted`; both in any form. */
export const holdsPorts = (open: PortsField, wanted: PortsField): boolean => {
  const there = joined(open)
  return joined(wanted).every(([from, to]) => there.some((range) => range[0] <= from && to <= range[1]))
}
