/** Without the keys that hold nothing. */
export const present = <A extends object>(fields: { readonly [K in keyof A]: A[K] | null | undefined }): A =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as A
