/** One script to its end. Its output is bounded; when the caller gives up, what it started there is ended as far as ssh lets. */
import type { ClientChannel } from "ssh2"
import { signalGroup } from "./inside-ssh2.ts"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import { AfterMark, Kept, type Prologue, whenOver } from "./shell.ts"
import type { Target } from "./Target.ts"

export interface RunOptions {
  /** `$1`, `$2`, … of the script. */
  readonly args?: ReadonlyArray<string>
  /** Its stdin; what is long is better sent through `open`. */
  readonly input?: string | Uint8Array
  readonly signal?: AbortSignal
  /** Of stdout and of stderr. More is read and dropped, and said by `truncated`. */
  readonly maxOutput?: number
}

export interface Ran {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: Buffer
  readonly stderr: string
  readonly truncated: boolean
}

const outputMaxBytes = 1024 * 1024
/** Time to end after TERM, and again after KILL. */
const graceMs = 2000

/** `lost` is called back when the connection goes first. */
export const runOn = (
  channel: ClientChannel,
  target: Target,
  { mark, script }: Prologue,
  { input, maxOutput = outputMaxBytes, signal }: RunOptions,
  whenLost: (lost: (error: RemoteError) => void) => () => void
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const stdout = new Kept(maxOutput)
    const stderr = new Kept(maxOutput)
    const afterMark = new AfterMark(mark, (why) => {
      fail(remoteError("NoShell", target, `${target.name} lets us in, and ${why}`))
      signalGroup(channel, "KILL")
      channel.close()
    })
    let exit: Pick<Ran, "code" | "signal"> | undefined
    let ending: NodeJS.Timeout | undefined

    const over = () => {
      forget()
      clearTimeout(ending)
      afterMark.end()
      signal?.removeEventListener("abort", giveUp)
    }
    const fail = (error: Error) => {
      over()
      reject(error)
    }
    const givenUp = () => fail(remoteError("Interrupted", target, `what ran on ${target.name} was given up`))
    const giveUp = () => {
      signalGroup(channel, "TERM")
      ending = setTimeout(() => {
        signalGroup(channel, "KILL")
        ending = setTimeout(() => {
          channel.close()
          givenUp()
        }, graceMs)
      }, graceMs)
    }
    const forget = whenLost(fail)

    channel.on("data", (chunk: Buffer) => stdout.take(afterMark.take(chunk)))
    channel.stderr.on("data", (chunk: Buffer) => stderr.take(chunk))
    channel.on("exit", (code: number | null, name?: string) => {
      exit = { code, signal: name ?? null }
    })
    channel.on("error", fail)
    const closed = () => {
      if (signal?.aborted) return givenUp()
      const said = stderr.all.toString()
      const words = [afterMark.noise, said.trim()].filter(Boolean).join("; ")
      if (exit === undefined) return fail(remoteError("CommandFailed", target, `a script on ${target.name} ended without a word`))
      if (!afterMark.found)
        return fail(remoteError("NoShell", target, `${target.name} lets us in and runs nothing for us${words && `: ${words}`}`))
      over()
      resolve({ ...exit, stdout: stdout.all, stderr: said, truncated: stdout.truncated || stderr.truncated })
    }
    whenOver(channel, closed)
    signal?.addEventListener("abort", giveUp, { once: true })
    channel.write(script)
    channel.end(input ?? "")
    if (signal?.aborted) giveUp()
  })
