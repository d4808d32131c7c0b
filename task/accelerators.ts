/** Accelerators as tasks name them: `NAME`, `NAME:COUNT`, or a mapping of names to counts; and one spelling for each. */
export interface Accelerators {
  readonly name: string
  /** Per node; fractions allowed. */
  readonly count: number
}

/** Spelled so whoever types them; others are looked up in the offers. */
const canonical: ReadonlyArray<string> = [
  "A100",
  "A100-80GB",
  "A10",
  "A10G",
  "Gaudi HL-205",
  "H100",
  "Inferentia",
  "K520",
  "K80",
  "L4",
  "M60",
  "P100",
  "P4",
  "P40",
  "Radeon MI25",
  "Radeon Pro V520",
  "T4",
  "T4g",
  "Trainium",
  "V100",
  "V100-32GB",
  "Virtex UltraScale (VU9P)"
]
const spellings: ReadonlyMap<string, string> = new Map(canonical.map((name) => [name.toLowerCase(), name]))

/** Stricter than what is read: facts of earlier days hold any name. */
const namePattern = /^[a-z\d]([\w .+-]*[\w+-])?( ?\([\w .+-]+\))?$/i
const nameMaxChars = 64
const countPattern = /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

export const isTpu = (name: string) => name.toLowerCase().includes("tpu")
/** The machine that is part of its accelerator: the lists have no row for it, and it adds nothing to the price. */
export const tpuVm = "TPU-VM"

export const spelled = (name: string): string => spellings.get(name.toLowerCase()) ?? (/^tpu-/i.test(name) ? name.toLowerCase() : name)
export const isSpelled = (name: string) => spellings.has(name.toLowerCase()) || /^tpu-/i.test(name)

const countOf = (count: number | string | null): number | undefined => {
  if (count === null) return 1
  const number = typeof count === "number" || countPattern.test(count.trim()) ? Number(count) : Number.NaN
  return Number.isFinite(number) && number > 0 ? number : undefined
}

const parsed = (name: string, count: number | string | null): Accelerators | undefined => {
  const counted = countOf(count)
  const trimmed = name.trim()
  return counted === undefined || trimmed === "" ? undefined : { name: spelled(trimmed), count: counted }
}

/** Undefined for what is neither `NAME` nor `NAME:COUNT`. */
export const parseAccelerator = (text: string): Accelerators | undefined => {
  const [name = "", count, ...rest] = text.split(":")
  return rest.length > 0 ? undefined : parsed(name, count ?? null)
}

export type AcceleratorsField = string | Readonly<Record<string, number | string | null>> | ReadonlyArray<string>

interface AcceleratorChoice {
  /** A list is an order of preference; of a mapping, the cheapest is meant. */
  readonly kind: "one" | "any" | "ordered"
  readonly items: ReadonlyArray<Accelerators>
}

/** Undefined when any of it is not understood, and for an empty choice. */
export const parseAccelerators = (field: AcceleratorsField): AcceleratorChoice | undefined => {
  const isList = Array.isArray(field)
  const found =
    typeof field === "string"
      ? [parseAccelerator(field)]
      : isList
        ? (field as ReadonlyArray<string>).map(parseAccelerator)
        : Object.entries(field as Readonly<Record<string, number | string | null>>).map(([name, count]) =>
            count === null ? parseAccelerator(name) : parsed(name, count)
          )
  const items = found.filter((one) => one !== undefined)
  if (items.length === 0 || items.length < found.length) return undefined
  return { kind: items.length === 1 ? "one" : isList ? "ordered" : "any", items }
}

export const isAcceleratorName = (name: string) => name.length <= nameMaxChars && namePattern.test(name)

/** Whether a machine with `has` can give what is asked; names are told apart by their letters, not by their case. */
export const gives = (has: Accelerators | null | undefined, asked: Accelerators): boolean =>
  has !== null && has !== undefined && has.name.toLowerCase() === asked.name.toLowerCase() && has.count >= asked.count

/** `V100:4` */
export const acceleratorText = ({ count, name }: Accelerators): string => `${name}:${count}`

/** `V100:4`, or `-` for none. */
export const acceleratorsText = (accelerators: Readonly<Record<string, number>> | undefined): string => {
  const texts = Object.entries(accelerators ?? {}).map(([name, count]) => acceleratorText({ name, count }))
  return texts.length === 0 ? "-" : texts.join(", ")
}
