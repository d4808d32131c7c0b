/** What console.log shows of a value that keeps its fields to itself. */
export const printedAs = (prototype: object, form: () => unknown): void => {
  Object.defineProperty(prototype, Symbol.for("nodejs.util.inspect.custom"), { value: form })
}
