/** Which labels a cloud takes, by its own rules. Each as a sentence without its full stop, undefined where it takes them. Pure. */
type Labels = Readonly<Record<string, string>>

const gcpKey = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u
const gcpValue = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u

export const gcpLabelProblem = (labels: Labels): string | undefined => {
  const wrong = Object.entries(labels).find(([key, value]) => !gcpKey.test(key) || !gcpValue.test(value))
  return (
    wrong && `GCP takes no label '${wrong[0]}: ${wrong[1]}': small letters, digits, - and _ only, at most 63, and a letter first in the key`
  )
}

const keyMaxChars = 128
const valueMaxChars = 256
/** Of the fifty that a thing may have, as many are for what is found by them. */
const tagsMax = 50 - 10

export const awsTagProblem = (tags: Labels): string | undefined => {
  const entries = Object.entries(tags)
  if (entries.length > tagsMax) return `AWS takes ${tagsMax} tags beside those of skyd, and not ${entries.length}`
  const isTaken = ([key, value]: readonly [string, string]) =>
    key !== "" && key.length <= keyMaxChars && value.length <= valueMaxChars && !/^aws:/i.test(key)
  const wrong = entries.find((entry) => !isTaken(entry))
  return (
    wrong &&
    `AWS takes no tag '${wrong[0]}': up to ${keyMaxChars} characters in the key and ${valueMaxChars} in the value, and what begins with aws: is its own`
  )
}
