/** Which labels a cloud takes, by its own rules. Each as a sentence without its full stop, undefined where it takes them. Pure. */
type Labels = Readonly<Record<string, string>>

/** By what begins so machines are found, and their ends told. */
const isOwnKey = (key: string): boolean => /^skyd-/i.test(key)

const ownKeyProblem = (labels: Labels, cloud: string, { kind }: { readonly kind: string }): string | undefined => {
  const own = Object.keys(labels).find(isOwnKey)
  return own && `${cloud} gets no ${kind} '${own}' of yours: what begins with skyd- is skyd's own`
}
/** Of all that a thing may have, those that skyd sets itself are kept free. */
const countProblem = (
  labels: Labels,
  cloud: string,
  { all, kind, own }: { readonly all: number; readonly own: number; readonly kind: string }
) => {
  const count = Object.keys(labels).length
  return count > all - own ? `${cloud} takes ${all - own} ${kind}s beside those of skyd, and not ${count}` : undefined
}

const gcpKey = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u
const gcpValue = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u

const gcpLabels = { all: 64, own: 5, kind: "label" }

export const gcpLabelProblem = (labels: Labels): string | undefined => {
  const problem = ownKeyProblem(labels, "GCP", gcpLabels) ?? countProblem(labels, "GCP", gcpLabels)
  if (problem !== undefined) return problem
  const wrong = Object.entries(labels).find(([key, value]) => !gcpKey.test(key) || !gcpValue.test(value))
  return (
    wrong && `GCP takes no label '${wrong[0]}: ${wrong[1]}': small letters, digits, - and _ only, at most 63, and a letter first in the key`
  )
}

const keyMaxChars = 128
const valueMaxChars = 256
const awsTags = { all: 50, own: 10, kind: "tag" }

export const awsTagProblem = (tags: Labels): string | undefined => {
  const problem = ownKeyProblem(tags, "AWS", awsTags) ?? countProblem(tags, "AWS", awsTags)
  if (problem !== undefined) return problem
  const entries = Object.entries(tags)
  const isTaken = ([key, value]: readonly [string, string]) =>
    key !== "" && key.length <= keyMaxChars && value.length <= valueMaxChars && !/^aws:/i.test(key)
  const wrong = entries.find((entry) => !isTaken(entry))
  return (
    wrong &&
    `AWS takes no tag '${wrong[0]}': up to ${keyMaxChars} characters in the key and ${valueMaxChars} in the value, and what begins with aws: is its own`
  )
}
