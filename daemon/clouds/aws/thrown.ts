/** What AWS's SDK throws, as it is: an error that EC2 has named, one of whoever else answered, or one of the system. Pure. */

interface Thrown {
  readonly name?: string
  readonly code?: string
  readonly Code?: string
  readonly message?: string
  readonly $fault?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> }
}

/** As EC2 names it; of what did not come from EC2, what the system calls it. */
export const codeOf = ({ Code, code, name }: Thrown) => (name !== undefined && name !== "Error" ? name : (Code ?? code ?? "Error"))

/** What the SDK calls an error that whoever answered has given no name. */
const nameless = ["Unknown", "UnknownError", "NotFound"]
/** Answered, and not by AWS: its errors come with a code, and the SDK can read them. */
export const isForeign = ({ $fault, $metadata, Code, name = "" }: Thrown) =>
  $metadata?.httpStatusCode !== undefined && Code === undefined && ($fault === undefined || nameless.includes(name))

export const asThrown = (thrown: unknown): Thrown =>
  (typeof thrown === "object" && thrown !== null ? thrown : { message: String(thrown) }) as Thrown
