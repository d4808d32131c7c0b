import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { make } from "../../daemon/clouds/local/LocalCloud.ts"
import { readJournal } from "../../machine/journal.ts"
import { leftovers } from "../../machine/processes.ts"
import { nodeFiles } from "../../sdk/agent/node-folder.ts"
import { tempFolder, write } from "../unit/sync/tree.ts"
import { agentPath, bundles, folderOf, newerPath, prepare } from "./cloud-local-prepare.ts"
import { askAgent, helloOf, job, makeNode, makeNodes, startJob, until } from "./cloud-nodes.ts"

const isAlive = (pid: number) => {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1") : ") Z"
  return !stat.slice(stat.lastIndexOf(")")).startsWith(") Z")
}

describe("a node on this machine, as to its agent,", () => {
  it.live("still runs when its agent was killed, and the next agent takes over the job that went on", () =>
    Effect.gen(function* () {
      const { cloud, home, readFile } = yield* prepare
      const ref = yield* makeNode(cloud)
      yield* startJob(cloud, ref, "touch began; while [ ! -e go ]; do sleep 0.05; done; exit 7")
      yield* until(Effect.map(readFile(ref, "sky_workdir/began"), (text) => text !== null))
      const before = yield* helloOf(cloud, ref)
      process.kill(before.pid, "SIGKILL")
      yield* until(Effect.sync(() => !existsSync(`/proc/${before.pid}`)))
      assert.strictEqual((yield* cloud.query([ref]))[0]!.state, "running")
      assert.strictEqual((yield* Effect.flip(cloud.connectAgent(ref))).kind, "Transient")
      yield* cloud.installAgent(ref)
      const after = yield* helloOf(cloud, ref)
      assert.notStrictEqual(after.pid, before.pid)
      assert.strictEqual(after.journal, before.journal)
      write(join(folderOf(home, ref), "home/sky_workdir"), { go: "" })
      const last = Effect.map(cloud.journalAtRest(ref), (found) => found?.entries.at(-1)?.fact)
      yield* until(Effect.map(last, (fact) => fact?._tag === "JobEnded"))
      assert.deepInclude(yield* last, { status: "FAILED", returnCodes: [7] })
    })
  )

  it.live("whose agent cannot write that it has ended says so at once, and is stopped when it can", () =>
    Effect.gen(function* () {
      const { cloud, home } = yield* prepare
      const ref = yield* makeNode(cloud)
      const place = join(folderOf(home, ref), `${nodeFiles.ended}.tmp`)
      mkdirSync(place)
      const { message } = yield* Effect.flip(cloud.stop(ref))
      assert.match(message, /^The agent did not do 'exit': .*illegal operation on a directory/)
      rmSync(place, { recursive: true })
      yield* cloud.stop(ref)
      assert.strictEqual((yield* cloud.query([ref]))[0]!.state, "stopped")
    })
  )

  it.live("is left alone by the cloud of another state folder, which finds it missing", () =>
    Effect.gen(function* () {
      const { cloud, home, readFile } = yield* prepare
      const ref = yield* makeNode(cloud)
      yield* startJob(cloud, ref, ": > began; exec sleep 60")
      yield* until(Effect.map(readFile(ref, "sky_workdir/began"), (text) => text !== null))
      // It begins no process of its own that comes or goes while we look.
      const running = yield* Effect.promise(() => leftovers(folderOf(home, ref)))
      const other = yield* make({ home: yield* tempFolder, agentPath: newerPath })
      assert.strictEqual((yield* other.query([ref]))[0]!.state, "missing")
      yield* other.terminate(ref)
      assert.isNotEmpty(running)
      assert.deepStrictEqual(yield* Effect.promise(() => leftovers(folderOf(home, ref))), running)
      assert.strictEqual((yield* cloud.query([ref]))[0]!.state, "running")
    })
  )

  it.live.each(["its agent at work", "its agent killed"])(
    "is left alone by the cloud of a copy of its state folder, which finds it stopped, starts it anew, and ends it: %s",
    (how) =>
      Effect.gen(function* () {
        const { cloud, home, readFile } = yield* prepare
        const { refs } = yield* makeNodes(cloud, [0, 1])
        const ref = refs[0]!
        const peers = yield* Effect.forEach(refs, cloud.installAgent)
        yield* askAgent(cloud, ref, "configure", { peers })
        yield* askAgent(cloud, ref, "submit", { jobs: [job(1, ": > began; exec sleep 60", 2)] })
        yield* until(
          Effect.map(
            Effect.forEach(refs, (each) => readFile(each, "sky_workdir/began")),
            (all) => !all.includes(null)
          )
        )
        // Killed before that, the next agent would still have to find it out.
        yield* until(Effect.map(cloud.journalAtRest(ref), (found) => found?.entries.at(-1)?.fact._tag === "JobStarted"))
        if (how === "its agent killed") process.kill((yield* helloOf(cloud, ref)).pid, "SIGKILL")
        const all = () => Promise.all(refs.map((each) => leftovers(folderOf(home, each))))
        const running = yield* Effect.promise(all)
        assert.isTrue(running.every((pids) => pids.length > 0))
        const copy = join(yield* tempFolder, "copy")
        execFileSync("cp", ["-a", home, copy])
        const other = yield* make({ home: copy, agentPath })
        const [found] = yield* other.query([ref])
        assert.deepInclude(found, { state: "stopped", down: false })
        assert.match(found!.reason!, /^its folder was copied/)
        assert.strictEqual((yield* Effect.flip(other.connectAgent(ref))).kind, "Refused")
        yield* other.stop(ref)
        for (const each of refs) yield* other.start(each)
        const itsPeers = yield* Effect.forEach(refs, other.installAgent)
        yield* askAgent(other, ref, "configure", { peers: itsPeers })
        const last = Effect.map(other.journalAtRest(ref), (found) => found?.entries.at(-1)?.fact)
        yield* until(Effect.map(last, (fact) => fact?._tag === "JobEnded"))
        yield* Effect.forEach(refs, other.terminate)
        assert.deepStrictEqual(yield* Effect.promise(all), running)
        yield* cloud.installAgent(ref)
        // An agent that was killed may have had no time to write it down: the one that adopts the job does.
        const own = Effect.promise(() => readJournal(folderOf(home, ref)))
        yield* until(Effect.map(own, (journal) => journal?.entries.at(-1)?.fact._tag === "JobStarted"))
      })
  )

  it.live("gets the newer agent when the program was replaced, and its jobs go on", () =>
    Effect.gen(function* () {
      const { cloud, home, readFile } = yield* prepare
      const ref = yield* makeNode(cloud)
      yield* startJob(cloud, ref, "touch began; sleep 60")
      yield* until(Effect.map(readFile(ref, "sky_workdir/began"), (text) => text !== null))
      const before = yield* helloOf(cloud, ref)
      const later = yield* make({ home, agentPath: newerPath })
      yield* later.installAgent(ref)
      const after = yield* helloOf(later, ref)
      assert.notStrictEqual(after.build, before.build)
      assert.isFalse(isAlive(before.pid))
      assert.isNotEmpty(yield* Effect.promise(() => leftovers(folderOf(home, ref))))
    })
  )

  it.live("is ended with the jobs that its killed agent left, whether it is stopped or taken down", () =>
    Effect.gen(function* () {
      const { cloud, home, readFile } = yield* prepare
      for (const act of ["stop", "terminate"] as const) {
        const ref = yield* makeNode(cloud)
        yield* startJob(cloud, ref, "touch began; setsid sleep 60 & sleep 60")
        yield* until(Effect.map(readFile(ref, "sky_workdir/began"), (text) => text !== null))
        process.kill((yield* helloOf(cloud, ref)).pid, "SIGKILL")
        yield* cloud[act](ref)
        assert.isEmpty(yield* Effect.promise(() => leftovers(folderOf(home, ref))))
        assert.strictEqual((yield* cloud.query([ref]))[0]!.state, act === "stop" ? "stopped" : "missing")
        assert.strictEqual(existsSync(folderOf(home, ref)), act === "stop")
      }
      assert.deepStrictEqual(readdirSync(join(home, "trash")), [])
      assert.deepStrictEqual(readdirSync(join(home, "run")), [])
    })
  )

  it.live("is reached at once by everyone who installs an agent at the same time, and has one", () =>
    Effect.gen(function* () {
      const { cloud } = yield* prepare
      const ref = yield* makeNode(cloud)
      const peers = yield* Effect.all([cloud.installAgent(ref), cloud.installAgent(ref), cloud.installAgent(ref)], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(peers[1], peers[0])
      assert.deepStrictEqual(peers[2], peers[0])
    })
  )

  it.live.each([
    ["says it", "console.error('no such thing'); process.exit(1)", "no such thing"],
    ["throws", "console.error('a word before'); null.length", "TypeError: Cannot read properties of null (reading 'length')"],
    [
      "has a crash printed, with its cause and its fields",
      "console.error(Object.assign(new Error('no room', { cause: new Error('inside') }), { code: 'ENOSPC' })); process.exit(1)",
      "Error: no room"
    ],
    ["is no program", "}", "SyntaxError: Unexpected token '}'"],
    ["ends without a word", "process.exit(1)", "it ended without a word"]
  ] as const)("is not given an agent that does not start: the error says why, when it %s", ([, program, reason]) =>
    Effect.gen(function* () {
      const { home, cloud } = yield* prepare
      const ref = yield* makeNode(cloud)
      const brokenPath = join(bundles, "broken.cjs")
      writeFileSync(join(folderOf(home, ref), nodeFiles.log), "Error: of long ago\n")
      writeFileSync(brokenPath, program)
      const broken = yield* make({ home, agentPath: brokenPath })
      const error = yield* Effect.flip(broken.installAgent(ref))
      assert.strictEqual(error.kind, "Transient")
      assert.include(`${error.message};`, `does not start: ${reason};`)
    })
  )

  it.live("is taken down also when no agent starts any more, with the jobs that still ran", () =>
    Effect.gen(function* () {
      const { home, cloud, readFile } = yield* prepare
      const ref = yield* makeNode(cloud)
      yield* startJob(cloud, ref, "touch began; sleep 60 & sleep 60")
      yield* until(Effect.map(readFile(ref, "sky_workdir/began"), (text) => text !== null))
      process.kill((yield* helloOf(cloud, ref)).pid, "SIGKILL")
      const broken = yield* make({ home, agentPath: join(home, "no-agent.cjs") })
      assert.strictEqual((yield* Effect.flip(broken.stop(ref))).kind, "Transient")
      yield* broken.terminate(ref)
      assert.isEmpty(yield* Effect.promise(() => leftovers(folderOf(home, ref))))
      assert.strictEqual((yield* cloud.query([ref]))[0]!.state, "missing")
    })
  )

  it.live("is ended although its agent hangs, sooner than one that works would be given up", () =>
    Effect.gen(function* () {
      const { cloud, home, readFile } = yield* prepare
      const ref = yield* makeNode(cloud)
      yield* startJob(cloud, ref, "touch began; sleep 60 & sleep 60")
      yield* until(Effect.map(readFile(ref, "sky_workdir/began"), (text) => text !== null))
      process.kill((yield* helloOf(cloud, ref)).pid, "SIGSTOP")
      yield* cloud.terminate(ref).pipe(Effect.timeout("20 seconds"))
      assert.isEmpty(yield* Effect.promise(() => leftovers(folderOf(home, ref))))
      assert.strictEqual((yield* cloud.query([ref]))[0]!.state, "missing")
    })
  )

  it.live("leaves nobody behind that the daemon would have to wait for", () =>
    Effect.gen(function* () {
      const { cloud } = yield* prepare
      const ref = yield* makeNode(cloud)
      yield* cloud.installAgent(ref)
      const { pid } = yield* helloOf(cloud, ref)
      yield* cloud.terminate(ref)
      yield* until(Effect.sync(() => !existsSync(`/proc/${pid}`)))
    })
  )
})
