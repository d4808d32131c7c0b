/** Work on the disk in some lanes: the rest waits its turn. */

export type Limit = <A>(work: () => Promise<A>) => Promise<A>

export const makeLimit = (most: number): Limit => {
  const waiting: Array<() => void> = []
  let running = 0
  return async (work) => {
    if (running >= most) await new Promise<void>((resume) => waiting.push(resume))
    else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
