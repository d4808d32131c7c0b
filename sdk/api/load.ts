/** The half that knows the rules of task/ and reads YAML, loaded with the first value that is made: asking and waiting go without it. */
type Values = typeof import("./values.ts")

export const values = (): Values => require("./values.cjs") as Values
