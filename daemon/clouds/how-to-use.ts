/** How a cloud that cannot be used comes to be used. */
import type { Cloud } from "./Cloud.ts"

export const howToUse = ({ howTo, isMisset }: Pick<Cloud, "howTo" | "isMisset">): string | undefined =>
  isMisset?.() === true ? "Mend it there, and ask again: the file is read anew with each command" : howTo
