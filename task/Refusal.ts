/** Why a value is refused, under the name of the contract's exception. All of them are ValueErrors but two. */
import * as Result from "effect/Result"

export interface Refusal {
  readonly error:
    | "ValueError"
    | "StorageSpecError"
    | "StorageSourceError"
    | "StorageNameError"
    | "StorageModeError"
    | "NotSupportedError"
    | "NoCloudAccessError"
  readonly message: string
  /** Names that were perhaps meant. */
  readonly near?: ReadonlyArray<string>
}

/** Why a whole value is refused, and at which place in it. */
export interface Problem {
  readonly path: ReadonlyArray<string>
  readonly refusal: Refusal
}

/** How a field is called by those who are told of it: as a file has it, or as a program does. */
export type Say = (field: string) => string
export const asInFiles: Say = (field) => field

export const refusal = (error: Refusal["error"], message: string): Refusal => ({ error, message })

export const noCloud = refusal("NoCloudAccessError", "No cloud is enabled.")

/** By what the clouds have. */
export type Checked<A> = Result.Result<A, Refusal>

export const refused = (message: string, near: ReadonlyArray<string> = []): Checked<never> =>
  Result.fail({ ...refusal("ValueError", message), near })
