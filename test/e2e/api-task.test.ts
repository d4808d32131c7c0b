/** What a `sky.Task` says, seen on the nodes of the local cloud; the page's examples among them. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { program, refused, use } from "./api.ts"
import { Home } from "./home.ts"

const home = new Home()
// A login's PATH: jobs get it.
mkdirSync(join(home.path, "bin"))
writeFileSync(join(home.path, ".profile"), 'PATH="$HOME/bin:$PATH"\n')
for (const name of ["pip", "python"])
  writeFileSync(join(home.path, "bin", name), `#!/bin/sh\nfor file; do [ -e "$file" ] && echo "${name} found $file"; done\n`, {
    mode: 0o755
  })
const folder = join(home.path, "project")
mkdirSync(join(folder, "bin"), { recursive: true })
for (const name of ["requirements.txt", "train.py"]) writeFileSync(join(folder, name), "")
writeFileSync(join(folder, "bin/tool"), "#!/bin/sh\necho tool ran\n", { mode: 0o755 })

const sky = use(home)
const { Task } = sky
const quiet = { streamLogs: false } as const

const outputOf = async (clusterName: string, jobId: number | null): Promise<ReadonlyArray<string>> => {
  const ranks: Array<string> = []
  for await (const { rank, text } of sky.tailLogs(clusterName, { jobId })) ranks[rank] = (ranks[rank] ?? "") + text
  return ranks
}

describe("the examples of the page", () => {
  it("task-04, task-15, task-39: setup, run and workdir '.', which is the caller's", async () => {
    const text = `process.chdir(${JSON.stringify(folder)})
      const task = new sky.Task({ setup: "pip install requirements.txt", run: "python train.py", workdir: "." })
      await sky.launch(task, { clusterName: "one" })`
    const { code, err, out } = await program(home, text)
    expect(code).toBe(0)
    expect(err).toContain("pip found requirements.txt")
    expect(out).toContain("python found train.py")
  })

  it("task-05: an empty task with nodes and resources only provisions", async () => {
    const task = new Task({ numNodes: 2 }).setResources(new sky.Resources({ cpus: "1+" }))
    expect(await sky.launch(task, { clusterName: "two", ...quiet })).toMatchObject({ jobId: null, handle: { launchedNodes: 2 } })
    expect(await sky.queue("two")).toEqual([])
  })
})

describe("on the nodes", () => {
  it("task-16: commands may use paths relative to the workdir", async () => {
    const task = new Task({ workdir: folder, setup: "./bin/tool > ~/of-setup", run: "cat ~/of-setup; ./bin/tool" })
    const { jobId } = await sky.launch(task, { clusterName: "one", ...quiet })
    expect(await outputOf("one", jobId)).toEqual(["tool ran\ntool ran\n"])
  })

  it("task-15, task-08, task-19: each node has the workdir, and runs its own setup and run under it", async () => {
    const run = "cat ~/of-setup; pwd | sed 's,.*/,,'; ls train.py"
    const task = new Task({ numNodes: 2, workdir: folder, setup: 'echo "setup $SKYPILOT_SETUP_NODE_RANK" > ~/of-setup', run })
    const { jobId } = await sky.launch(task, { clusterName: "two", ...quiet })
    expect(await outputOf("two", jobId)).toEqual([0, 1].map((rank) => `setup ${rank}\nsky_workdir\ntrain.py\n`))
  })

  it("task-07: the name is in the queue and before the log's lines", async () => {
    const { jobId } = await sky.exec(new Task({ name: "my-name", run: "echo hi" }), "one", quiet)
    expect((await sky.queue("one"))[0]).toMatchObject({ jobId, jobName: "my-name" })
    for await (const { prefix } of sky.tailLogs("one", { jobId })) expect(prefix).toContain("my-name")
  })

  it("task-13: envs are set before setup and run, unharmed", async () => {
    const envs = { PLAIN: "x", ODD: `a 'b' "c" $HOME \`d\` \\ \n e`, MY_TOKEN: "hush hush" }
    const print = 'printf "%s|" "$PLAIN" "$ODD" "$MY_TOKEN"'
    const { jobId } = await sky.launch(new Task({ envs, setup: `${print} > ~/of-setup`, run: `cat ~/of-setup; ${print}` }), {
      clusterName: "one",
      ...quiet
    })
    const said = Object.values(envs)
      .map((value) => `${value}|`)
      .join("")
    expect(await outputOf("one", jobId)).toEqual([said + said])
    expect(JSON.stringify(await home.json("events"))).not.toContain("hush hush")
  })
})

describe("file mounts", () => {
  it("task-39, task-42: lie where they should from the next launch on, their sources from the caller's folder", async () => {
    const ls = "cat ~/one ~/sub/two 2>/dev/null; true"
    writeFileSync(join(home.path, "a.txt"), "a")
    writeFileSync(join(folder, "two"), "b")
    const text = `const task = new sky.Task({ run: ${JSON.stringify(ls)} }).setFileMounts({ "~/one": "a.txt" })
      const quiet = { streamLogs: false }
      await sky.launch(task, { clusterName: "one", ...quiet })
      task.updateFileMounts({ "~/sub": "project" })
      await sky.exec(task, "one", quiet)
      await sky.launch(task, { clusterName: "one", ...quiet })`
    expect(await program(home, text)).toMatchObject({ code: 0, err: "" })
    const ids = (await sky.queue("one")).slice(0, 3).map(({ jobId }) => jobId)
    const said = await Promise.all(ids.reverse().map((id) => outputOf("one", id)))
    expect(said).toEqual([["a"], ["a"], ["ab"]])
  })

  it("of buckets are refused in one sentence", async () => {
    const task = new Task({ run: "true" }).setStorageMounts({ "~/data": new sky.Storage({ name: "my-bucket" }) })
    expect(await refused(() => sky.launch(task, { clusterName: "one", ...quiet }))).toBeInstanceOf(sky.exceptions.NotSupportedError)
  })
})

describe("a run function", () => {
  it("task-10: gets each node's rank and all addresses, at a launch and at an exec", async () => {
    const task = new Task({ name: "ranks", numNodes: 2, run: (rank, addresses) => `echo "rank ${rank} of ${addresses.join(" ")}"` })
    for (const { jobId } of [await sky.launch(task, { clusterName: "two", ...quiet }), await sky.exec(task, "two", quiet)])
      expect(await outputOf("two", jobId)).toEqual([0, 1].map((rank) => `rank ${rank} of 127.0.1.1 127.0.1.2\n`))
  })

  it("task-10: on a cluster that the launch makes, with setup, workdir and autostop as always", async () => {
    const task = new Task({ workdir: folder, setup: "touch ~/set-up", run: (_, [address]) => `ls ~/set-up train.py; echo ${address}` })
    const { jobId } = await sky.launch(task, { clusterName: "new", idleMinutesToAutostop: 30, down: true, ...quiet })
    expect((await outputOf("new", jobId))[0]).toMatch(/set-up\ntrain.py\n127.0.1.1\n$/)
    expect(await sky.status({ clusterNames: "new" })).toMatchObject([{ autostop: 30, toDown: true }])
  })

  it("task-11: where it returns null nothing runs, and the job succeeds", async () => {
    const task = new Task({ numNodes: 2, run: (rank) => (rank === 1 ? null : "echo only here") })
    const { jobId } = await sky.exec(task, "two", quiet)
    expect(await outputOf("two", jobId)).toEqual(["only here\n"])
    expect(await sky.jobStatus("two", { jobIds: [jobId!] })).toEqual({ [jobId!]: "SUCCEEDED" })
  })

  it("is refused on fewer nodes than the cluster has, whose addresses nobody knows", async () => {
    const task = new Task({ run: () => "true" })
    for (const call of [() => sky.exec(task, "two", quiet), () => sky.launch(task, { clusterName: "two", ...quiet })]) {
      const error = await refused(call)
      expect(error).toBeInstanceOf(sky.exceptions.NotSupportedError)
      expect(error.hint).toContain("numNodes")
    }
  })

  it("is refused before anything is made, for what would be refused after", async () => {
    const task = new Task({ setup: "true", run: () => "true" })
    const error = await refused(() => sky.launch(task, { clusterName: "never", noSetup: true, detachSetup: true, ...quiet }))
    expect(error).toBeInstanceOf(sky.exceptions.ValueError)
    expect(await sky.status({ clusterNames: "never" })).toEqual([])
  })

  it("is not called for a dry run, nor where the exec would be refused", async () => {
    const task = new Task({ run: () => expect.unreachable() })
    expect(await sky.launch(task, { clusterName: "one", dryrun: true, ...quiet })).toEqual({ jobId: null, handle: null })
    expect(await refused(() => sky.exec(task, "nope", quiet))).toBeInstanceOf(sky.exceptions.ClusterDoesNotExist)
  })

  it("task-12: what it throws is the caller's, and no job comes of it", async () => {
    const task = new Task({
      run: () => {
        throw new RangeError("mine")
      }
    })
    const before = (await sky.queue("one")).length
    expect(await refused(() => sky.exec(task, "one", quiet))).toBeInstanceOf(RangeError)
    expect(await sky.queue("one")).toHaveLength(before)
  })
})
