/**
 * What a task asks of each node. The keys are those of the YAML file, on the wire and in facts alike.
 * Fields that need a cloud account (regions, spot, images, ports, disks) are not known yet and are refused by name.
 */
import * as Schema from "effect/Schema"

const amountPattern = /^\d+(\.\d+)?\+?$/
const positive = Schema.Number.check(Schema.makeFilter((n) => (Number.isFinite(n) && n > 0) || "expected a positive number"))

/** `4` or `"4"` (exactly), `"4+"` (at least). */
export const Amount = Schema.Union([
  positive,
  Schema.String.check(Schema.makeFilter((s) => (amountPattern.test(s) && Number.parseFloat(s) > 0) || 'expected a number, "N" or "N+"'))
])
export type Amount = typeof Amount.Type

const acceleratorPattern = /^[^:\s]+(:\d+(\.\d+)?)?$/
const AcceleratorText = Schema.String.check(
  Schema.makeFilter((s) => (acceleratorPattern.test(s) && !/:0+(\.0+)?$/.test(s)) || 'expected "NAME" or "NAME:COUNT"')
)

export const Resources = Schema.Struct({
  cloud: Schema.optionalKey(
    Schema.NullOr(
      Schema.String.check(
        Schema.makeFilter((s) => s.toLowerCase() === "local" || `unknown or disabled cloud '${s}': only local is enabled`)
      )
    )
  ),
  /** One kind of accelerator and how many each node needs; fractions share one. */
  accelerators: Schema.optionalKey(Schema.NullOr(Schema.Union([AcceleratorText, Schema.Record(Schema.NonEmptyString, positive)]))),
  /** vCPUs of each node. */
  cpus: Schema.optionalKey(Schema.NullOr(Amount)),
  /** GiB of each node. */
  memory: Schema.optionalKey(Schema.NullOr(Amount))
})
export type Resources = typeof Resources.Type

export interface Accelerators {
  readonly name: string
  /** Per node; fractions allowed. */
  readonly count: number
}

/** The one kind of accelerator that a job needs on each of its nodes, if any. */
export const acceleratorsOf = (resources: Resources | undefined): Accelerators | undefined => {
  const asked = resources?.accelerators
  if (asked === undefined || asked === null) return undefined
  if (typeof asked === "string") {
    const [name = "", count = "1"] = asked.split(":")
    return { name, count: Number(count) }
  }
  const [first] = Object.entries(asked)
  return first && { name: first[0], count: first[1] }
}

/** Whether `have` meets an amount as the YAML writes it. `undefined` and `null` ask for nothing. */
export const meets = (have: number, asked: Amount | null | undefined): boolean => {
  if (asked === undefined || asked === null) return true
  const least = Number.parseFloat(String(asked))
  return String(asked).endsWith("+") ? have >= least : have === least
}
