/** A cloud's API for tests, in a process of its own, which ends with the test, and with the tests. */
import { type ChildProcess, spawn } from "node:child_process"

export class StrictServer {
  readonly url: string
  private readonly process: ChildProcess

  protected constructor([url, child]: readonly [string, ChildProcess]) {
    this.url = url
    this.process = child
  }

  protected static async run(program: string, file: string, env: NodeJS.ProcessEnv = {}): Promise<readonly [string, ChildProcess]> {
    const child = spawn(program, [file, "--exit-with-stdin"], {
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["pipe", "pipe", "inherit"]
    })
    const url = await new Promise<string>((done, fail) => {
      let said = ""
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk
        const found = /listening on (\S+)\n/.exec(said)
        if (found) done(found[1]!)
      })
      child.once("exit", (code) => fail(new Error(`${file} ended with ${code}`)))
    })
    return [url, child]
  }

  // biome-ignore lint/suspicious/noExplicitAny: JSON of the test's own
  protected async fetch(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(`${this.url}/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    if (!answer.ok) throw new Error(`${method} /${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
  /** What is asked of the server itself: faults, times, what it has seen. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the test's own
  strict(method: string, path: string, body?: unknown): Promise<any> {
    return this.fetch(method, `strict/${path}`, body)
  }

  async end(): Promise<void> {
    const ended = new Promise((done) => this.process.once("exit", done))
    this.process.stdin!.end()
    await ended
  }
}
