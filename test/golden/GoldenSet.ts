/**
 * Golden data: what the original answered, and whether we mean the same. A set is a file NAME.jsonl and its adapter sets/NAME.ts.
 * Values are compared, not wording: of a refusal its class counts; numbers have a tolerance; null is the same as absent.
 * A difference is fine only when a rule of the set says why, and `docs/compatibility.md` says it too, under the rule's name.
 */
export interface GoldenError {
  readonly class: string
  readonly message: string
  /** The original crashed: any refusal of ours is as good. */
  readonly internal?: boolean
  readonly suggestions?: ReadonlyArray<string>
  readonly did_you_mean?: string
  /** Accelerators that are there in place of the one asked for, sorted. */
  readonly fuzzy_candidates?: ReadonlyArray<string>
}

export interface GoldenCase {
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: each set has its own shape of input, which only its adapter knows
  readonly in: any
  // biome-ignore lint/suspicious/noExplicitAny: and its own shape of answer
  readonly out?: any
  readonly error?: GoldenError
  /** A spelling that only Python reads: a clear refusal is as good. */
  readonly pythonism?: boolean
}

/** What we say to an input: a value, or a refusal with its class and those that it is also an instance of. */
export type Answer =
  | { readonly out: unknown }
  | { readonly error: { readonly classes: ReadonlyArray<string>; readonly message: string; readonly about?: ReadonlyArray<string> } }

export interface Rule {
  /** Stands in `docs/compatibility.md` with the reason. */
  readonly name: string
  /** Whether this rule is what makes the two differ: to be decided from the case, not from a list of cases. */
  readonly covers: (golden: GoldenCase, ours: Answer) => boolean
}

export interface GoldenSet {
  readonly name: string
  /** Must not throw: what we refuse is an answer. */
  readonly answer: (input: GoldenCase["in"]) => Answer | Promise<Answer>
  /** Brings both to one form before they are compared, as where a spelling carries no meaning. */
  readonly meaning?: (out: unknown) => unknown
  /** Where several answers are right: whether two values, neither a refusal, mean the same. */
  readonly isAsGood?: (golden: GoldenCase, ours: unknown) => boolean
  readonly rules: ReadonlyArray<Rule>
  /** What the cases need beside them (files); gives back what removes it. */
  readonly open?: () => Promise<() => Promise<void>>
}

const near = (a: number, b: number) => a === b || Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b))
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

export const sameMeaning = (a: unknown, b: unknown): boolean => {
  if (a === undefined || a === null) return b === undefined || b === null
  if (typeof a === "number" && typeof b === "number") return near(a, b)
  if (!isObject(a) || !isObject(b)) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (Array.isArray(a) && a.length !== (b as unknown as Array<unknown>).length) return false
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => sameMeaning(a[key], b[key]))
}

const agrees = (set: GoldenSet, golden: GoldenCase, ours: Answer): boolean => {
  if ("error" in ours) {
    const theirs = golden.error
    if (theirs === undefined) return golden.pythonism === true
    if (!theirs.internal && !ours.error.classes.includes(theirs.class)) return false
    const near = theirs.fuzzy_candidates
    if (near !== undefined && !sameMeaning(near, [...new Set(ours.error.about ?? [])].sort())) return false
    const pointed = [...(theirs.suggestions ?? []), ...(theirs.did_you_mean === undefined ? [] : [theirs.did_you_mean])]
    // Theirs were broken over the lines of a table: only whole words count.
    return pointed.filter((word) => !/\s/.test(word)).every((word) => ours.error.message.includes(word) || ours.error.about?.includes(word))
  }
  if (golden.error !== undefined) return false
  if (set.isAsGood !== undefined) return set.isAsGood(golden, ours.out)
  const meaning = set.meaning ?? ((out) => out)
  return sameMeaning(meaning(golden.out), meaning(ours.out))
}

export interface Verdict {
  readonly golden: GoldenCase
  readonly ours: Answer
  readonly is: "agrees" | "by rule" | "differs"
  readonly rule?: string
}

export const parseCases = (text: string): Array<GoldenCase> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as GoldenCase)

export const judge = async (set: GoldenSet, cases: ReadonlyArray<GoldenCase>): Promise<Array<Verdict>> => {
  const close = await set.open?.()
  try {
    const verdicts: Array<Verdict> = []
    for (const golden of cases) {
      const ours = await set.answer(golden.in)
      if (agrees(set, golden, ours)) verdicts.push({ golden, ours, is: "agrees" })
      else {
        const rule = set.rules.find((one) => one.covers(golden, ours))
        verdicts.push(rule === undefined ? { golden, ours, is: "differs" } : { golden, ours, is: "by rule", rule: rule.name })
      }
    }
    return verdicts
  } finally {
    await close?.()
  }
}

export const countOf = (verdicts: ReadonlyArray<Verdict>, is: Verdict["is"]) => verdicts.filter((one) => one.is === is).length
export const lineOf = (name: string, verdicts: ReadonlyArray<Verdict>) =>
  `${name}: ${countOf(verdicts, "agrees")} agree, ${countOf(verdicts, "by rule")} by rule, ${countOf(verdicts, "differs")} differ`
