/**
 * Every verb with secrets whose values are marked, and then a search of all that is left of them: each byte below the state folder,
 * arguments and environments of all processes, what other clients are told, what every verb prints. Only the job itself has them.
 */
import { createHash, randomBytes } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { eventually, Home, type Ran, type Wire } from "./home.ts"

const fresh = () => `canary${randomBytes(9).toString("hex")}`
const marks = {
  yaml: fresh(),
  flag: fresh(),
  environment: fresh(),
  envFile: fresh(),
  exec: fresh(),
  live: fresh(),
  refused: fresh(),
  argv: fresh(),
  printed: fresh()
}
/** Of an env that is no secret: it stands where the others must not, so the search finds what there is. */
const visible = fresh()
/** What quoting gets wrong. */
const difficult = `it's "${marks.yaml}"\nünï\\cödé $HOME \`id\` 😀`
const digestOf = (value: string) => createHash("sha256").update(value).digest("hex")
const digest = (name: string) => `printf %s "$${name}" | sha256sum`

/** As it is, and as its bytes would stand in base64, wherever they begin. */
const formsOf = (mark: string) => [
  mark,
  ...[0, 1, 2].map((shift) =>
    Buffer.from("-".repeat(shift) + mark)
      .toString("base64")
      .slice(4, -4)
  )
]
const found = (text: string | Buffer): ReadonlyArray<string> =>
  Object.entries(marks)
    .filter(([, mark]) => formsOf(mark).some((form) => text.includes(form)))
    .map(([name]) => name)

/** Task files and the like lie elsewhere: the user put the values there. */
const inputs = mkdtempSync(join(tmpdir(), "skyd-in-"))
const input = (name: string, text: string) => {
  writeFileSync(join(inputs, name), text, { mode: 0o600 })
  return join(inputs, name)
}

const home = new Home({ DB_PASSWORD: marks.environment })
afterAll(() => rmSync(inputs, { recursive: true, force: true }))

/** Everything that a verb has printed, and where it was found. */
const said: Array<string> = []
const sky = async (...args: ReadonlyArray<string>): Promise<Ran> => {
  const ran = await home.sky(...args)
  const leaked = found(ran.out + ran.err)
  if (leaked.length > 0) said.push(`sky ${args.join(" ").slice(0, 60)}: ${leaked.join(" ")}`)
  return ran
}

/** `file: mark` for each file of the user's home in which one stands, the state folder included. */
const inFiles = (find = found): ReadonlyArray<string> =>
  readdirSync(home.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((file) => {
      try {
        return find(readFileSync(file)).map((name) => `${relative(home.state, file)}: ${name}`)
      } catch {
        // It was there a moment ago.
        return []
      }
    })

/** Arguments of all processes, and environments of those that are no job's. */
const inProcesses = (): ReadonlyArray<string> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "latin1")
        const argv = readFileSync(`/proc/${pid}/cmdline`, "latin1")
        const seen = environment.includes("SKYD_JOB=") ? argv : argv + environment
        return found(seen).map((name) => `${argv.replaceAll("\0", " ").slice(0, 80)}: ${name}`)
      } catch {
        return []
      }
    })

/** Where they may be until the node has them, and on the node until what needs them is over. */
const isWaiting = (place: string) => /^(secrets\/|nodes\/[^/]+\/agent\/(secrets\/|ranks\/[^/]+\/order\.json))/.test(place)
/** What a script prints is its own output, and lies with it on the node. */
const isOutput = (place: string) => /^nodes\/[^/]+\/home\/.*\.log: printed$/.test(place)
const leaks = () => ({
  files: inFiles().filter((place) => !isWaiting(place) && !isOutput(place)),
  processes: inProcesses(),
  said
})
const none = { files: [], processes: [], said: [] }

let spy: Wire
const otherClient = async () => {
  const wire = home.socket()
  const questions: ReadonlyArray<readonly [string, object]> = [
    ["status", {}],
    ["queue", {}],
    ["events", {}],
    ["operations", { all: true }],
    ["daemon.status", {}],
    ["describe", {}]
  ]
  for (const [method, params] of questions) {
    wire.request(method, method, params)
    await wire.answer(method)
  }
  wire.socket.destroy()
  return found(JSON.stringify([...wire.frames, ...spy.frames]))
}

beforeAll(async () => {
  await home.sky("daemon", "start")
  spy = home.socket().request("spy", "events.follow", { after: 0 })
})

describe("secrets reach the job", () => {
  it("from the YAML, a flag, the environment and a file, whatever they hold", async () => {
    const setup = `${digest("API_KEY")} > ~/setup-has-it`
    const run = `${["API_KEY", "MY_TOKEN", "DB_PASSWORD", "FILE_SECRET"].map(digest).join("\n")}\ncat ~/setup-has-it`
    const task = input("t.yaml", JSON.stringify({ name: "t", envs: { API_KEY: difficult, PLAIN: visible }, setup, run }))
    const envFile = input("e.env", `FILE_SECRET=${marks.envFile}\n`)
    const given = ["--env", `MY_TOKEN=${marks.flag}`, "--env", "DB_PASSWORD", "--env-file", envFile]
    const { code, out } = await sky("launch", "-y", "-c", "a", ...given, task)
    expect(code).toBe(0)
    const values = [difficult, marks.flag, marks.environment, marks.envFile, difficult]
    expect([...out.matchAll(/([0-9a-f]{64}) {2}-/g)].map(([, hex]) => hex)).toEqual(values.map(digestOf))
    expect(leaks()).toEqual(none)
    const plain = inFiles((bytes) => (bytes.includes(visible) ? ["visible"] : []))
    expect(plain).toContainEqual(expect.stringMatching(/^log\/\d+\.log: visible$/))
  })
  it("of exec, and a script on the socket that says them again where they do not belong", async () => {
    const { out } = await sky("exec", "a", "--env", `MY_TOKEN=${marks.exec}`, digest("MY_TOKEN"))
    expect(out).toContain(digestOf(marks.exec))
    const task = { run: digest("AWS_CREDENTIALS"), envs: { AWS_CREDENTIALS: marks.argv } }
    const caller = { program: "mine", argv: ["mine", `--env=AWS_CREDENTIALS=${marks.argv}`, marks.argv, `x${marks.argv}y`] }
    const wire = home.socket().request(1, "exec", { clusterName: "a", task, lastUse: `mine ${marks.argv}` }, { caller })
    expect((await wire.answer(1)).type).toBe("result")
    expect((await sky("logs", "a")).out).toContain(digestOf(marks.argv))
    wire.socket.destroy()
    expect(leaks()).toEqual(none)
  })
})

describe("they are nowhere else", () => {
  it("while a job has them: only in its own environment and in files for the user alone", async () => {
    await sky("exec", "-d", "a", "--env", `MY_TOKEN=${marks.live}`, "sleep 600")
    await eventually(async () => (await home.json("queue", "a"))[0].status === "RUNNING")
    const waiting = inFiles().filter(isWaiting)
    expect(new Set(waiting.map((place) => place.split(": ")[1]))).toEqual(new Set(["live"]))
    for (const place of waiting) expect(statSync(join(home.state, place.split(": ")[0]!)).mode & 0o077).toBe(0)
    expect(leaks()).toEqual(none)
    expect(await otherClient()).toEqual([])
  })
  it("when a setup prints them and fails: the fact has its last lines without them", async () => {
    const setup = 'set -x\n: login "$API_KEY" --password="$DB_PASSWORD"\necho "$DB_PASSWORD" | sed s/^/x/\nexit 3'
    const envs = { API_KEY: `a '${marks.printed}' "b`, DB_PASSWORD: `${marks.printed}\nsecond ${marks.printed}` }
    const task = input("s.yaml", JSON.stringify({ envs, setup, run: "true" }))
    const { code } = await home.sky("launch", "-y", "-c", "b", task)
    expect(code).toBe(1)
    const events = await home.json("events", "--tail", "1000")
    const last = events
      .map(({ event }: { event: { lastLines?: ReadonlyArray<string> } }) => event.lastLines)
      .filter(Boolean)
      .at(-1)
    expect(last.join("\n")).toContain("***")
    expect(leaks()).toEqual(none)
  })
  it("when a request is refused", async () => {
    const secret = ["--env", `MY_TOKEN=${marks.refused}`]
    await sky("exec", "nope", ...secret, "true")
    await sky("launch", "-y", "-c", "-bad", ...secret, "true")
    await sky("launch", "-y", "-c", "a", "--num-nodes", "3", ...secret, "true")
    await sky("launch", "-y", "--dryrun", ...secret, "true")
    await sky("exec", "a", ...secret, "--nonsense", "true")
    expect(leaks()).toEqual(none)
  })
  it("when every other verb has run", async () => {
    const verbs: ReadonlyArray<string> = [
      "status -a -r|status -o json|queue -a|queue -o json|events --tail 1000 -o json|events --tail 1000|ops -a|ops -a -o json|why a|why b -o json",
      "logs a 1 --no-follow|logs a 2 --status|logs -s a 1|cancel -y a -a|autostop -y a -i 30|autostop -y a --cancel|stop -y a|status|logs a 1",
      "start -y a|status -a --at 5|queue --at 20|replay -o json|replay|replay --verify|audit verify|audit head|audit export|check",
      "daemon status|daemon logs|daemon restart|status -a|events --tail 1000 -o json|down -y b|down -y nope|completion bash"
    ]
    const usage: Array<string> = []
    for (const line of verbs.join("|").split("|")) if ((await sky(...line.split(" "))).code === 2) usage.push(line)
    expect(usage).toEqual([])
    spy = home.socket().request("spy", "events.follow", { after: 0 })
    expect(await otherClient()).toEqual([])
    expect(leaks()).toEqual(none)
  })
  it("when the daemon has ended, and when all clusters have: not one file has any", async () => {
    await sky("daemon", "stop")
    expect(leaks()).toEqual(none)
    await sky("audit", "export")
    await sky("status")
    expect(inFiles().filter(isWaiting)).toEqual([])
    await sky("down", "-y", "-a")
    await sky("daemon", "stop")
    expect({ ...leaks(), files: inFiles() }).toEqual(none)
  })
})
