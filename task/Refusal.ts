/** Why a value is refused, under the name of the contract's exception. All of them are ValueErrors but NotSupportedError. */
export interface Refusal {
  readonly error: "ValueError" | "StorageSpecError" | "StorageSourceError" | "StorageNameError" | "StorageModeError" | "NotSupportedError"
  readonly message: string
}

export const refusal = (error: Refusal["error"], message: string): Refusal => ({ error, message })
