/** What a source pushes, as an async iterable that holds the source back while nobody reads, and lets go of it when it is left. */

/** What may wait to be read before the source is held back. */
const waitingMax = 256

export interface Sink<A> {
  readonly push: (value: A) => void
  readonly end: () => void
  readonly fail: (cause: unknown) => void
}

interface Source {
  readonly hold: (held: boolean) => void
  readonly close: () => void
}

/** Opened by the first `next`, so that one nobody reads costs nothing. */
export class Stream<A> implements AsyncIterableIterator<A, void, void>, AsyncDisposable {
  readonly #open: (sink: Sink<A>) => Source
  readonly #ready: Array<A> = []
  readonly #readers: Array<PromiseWithResolvers<IteratorResult<A, void>>> = []
  #source: Source | undefined
  #begun = false
  #held = false
  #over = false
  #failure: { readonly cause: unknown } | undefined

  constructor(open: (sink: Sink<A>) => Source) {
    this.#open = open
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<A, void>> {
    this.#begin()
    if (this.#ready.length > 0) {
      const value = this.#ready.shift() as A
      if (this.#ready.length === 0) this.#hold(false)
      return { value, done: false }
    }
    if (this.#failure !== undefined) {
      const { cause } = this.#failure
      this.#failure = undefined
      throw cause
    }
    if (this.#over) return { value: undefined, done: true }
    const reader = Promise.withResolvers<IteratorResult<A, void>>()
    this.#readers.push(reader)
    return reader.promise
  }

  /** Leaves it, also while somebody waits for what comes next. */
  async return(): Promise<IteratorResult<A, void>> {
    this.#begun = true
    this.#ready.length = 0
    this.#failure = undefined
    this.#end()
    return { value: undefined, done: true }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    const source = this.#open({
      push: (value) => this.#push(value),
      end: () => this.#end(),
      fail: (cause) => this.#fail(cause)
    })
    this.#source = source
    if (this.#over) source.close()
  }

  #push(value: A): void {
    if (this.#over) return
    const reader = this.#readers.shift()
    if (reader !== undefined) reader.resolve({ value, done: false })
    else if (this.#ready.push(value) >= waitingMax) this.#hold(true)
  }

  #hold(held: boolean): void {
    if (this.#held === held || this.#over) return
    this.#held = held
    this.#source?.hold(held)
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#source?.close()
    for (const reader of this.#readers.splice(0)) reader.resolve({ value: undefined, done: true })
  }

  #fail(cause: unknown): void {
    if (this.#over) return
    const reader = this.#readers.shift()
    if (reader === undefined) this.#failure = { cause }
    this.#end()
    reader?.reject(cause)
  }
}
