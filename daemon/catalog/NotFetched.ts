/** Why a list of offers could not be had, as the end of a sentence. `again`: another place may have it. */
export class NotFetched extends Error {
  readonly again: boolean
  constructor(message: string, again = false) {
    super(message)
    this.again = again
  }
}
