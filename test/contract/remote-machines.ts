/** What the contracts of connections share: two machines that let one key in, and what is done with them in every test. */
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, onTestFinished } from "vitest"
import type { Connection } from "../../daemon/remote/Connection.ts"
import { type ConnectOptions, connect } from "../../daemon/remote/connect.ts"
import type { Target } from "../../daemon/remote/Target.ts"
import { keyPair, type Pair } from "../fakes/ssh-keys.ts"

export interface TestMachine {
  readonly hostKey: string
  readonly target: (changes?: Partial<Target>) => Target
  readonly authorize: (publicKey: string) => Promise<void>
  readonly maxSessions: (count: number) => Promise<void>
  readonly allowForwarding: (allowed: boolean) => Promise<void>
  readonly changeHostKey: () => Promise<void>
  readonly password: (password: string | null) => Promise<void>
  /** Silence from here on, nothing broken off. */
  readonly freeze: () => Promise<void>
  readonly thaw: () => Promise<void>
  /** Ends all that is connected; who comes next is let in. */
  readonly breakOff: () => Promise<void>
  readonly end: () => Promise<void>
}
export type MakeMachine = (authorized: ReadonlyArray<Pair>) => Promise<TestMachine>

export const until = async (is: () => Promise<boolean>) => {
  while (!(await is())) await new Promise((done) => setTimeout(done, 20))
}

export const twoMachines = (make: MakeMachine) => {
  const pair = keyPair("given")
  const folder = mkdtempSync(join(tmpdir(), "keys-"))
  const key = join(folder, "id_given")
  const made: Array<TestMachine> = []

  beforeAll(async () => {
    writeFileSync(key, pair.private, { mode: 0o600 })
    made.push(...(await Promise.all([make([pair]), make([pair])])))
  })
  afterAll(async () => {
    await Promise.all(made.map((machine) => machine.end()))
  })

  const machine = () => made[0]!
  const target = (changes: Partial<Target> = {}) => machine().target({ identityFiles: [key], ...changes })
  return {
    /** Of the key that both let in, and others. */
    folder,
    key,
    machine,
    other: () => made[1]!,
    target,
    connected: async (to: Target = target(), options: ConnectOptions = {}): Promise<Connection> => {
      const connection = await connect(to, options)
      onTestFinished(() => connection.close())
      return connection
    },
    failure: (to: Target, options: ConnectOptions = {}): Promise<{ kind: string; message: string }> =>
      connect(to, options).then(
        () => expect.unreachable("it let us in"),
        ({ kind, message }) => ({ kind, message })
      )
  }
}
