/** `file_mounts` on the local cloud: files and folders of the caller's machine, below the home of every node. */
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Home, root } from "./home.ts"

const home = new Home()
const data = join(home.path, "data")
mkdirSync(join(data, "sub"), { recursive: true })
writeFileSync(join(data, "a.txt"), "one")
writeFileSync(join(data, "sub/run.sh"), "#!/bin/sh\necho ran")
chmodSync(join(data, "sub/run.sh"), 0o755)
symlinkSync("a.txt", join(data, "link"))
writeFileSync(join(home.path, "rc"), "rc")

const task = (name: string, mounts: string, more = "") =>
  home.file(`${name}.yaml`, `resources: {cloud: local}\nfile_mounts:\n${mounts.replaceAll(/^/gm, "  ")}\n${more}`)
const onNodes = (path: string) => home.nodes().map((folder) => join(folder, "home", path))
const texts = (path: string) => onNodes(path).map((file) => (existsSync(file) ? readFileSync(file, "utf8") : null))

describe("file mounts", () => {
  it("task-33, task-36: are on all nodes before setup: a dotfile, and what a folder holds, with modes and links", async () => {
    const file = task(
      "m",
      `~/.dotfile: ${home.path}/rc\n~/remote/dir/x: ${data}`,
      "num_nodes: 2\nsetup: cp ~/remote/dir/x/a.txt ~/seen\nrun: ~/remote/dir/x/sub/run.sh\n"
    )
    const { code, err, out } = await home.sky("launch", "-y", "-c", "m", file)
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/ran\n.*ran\n/) })
    expect(err).toMatch(/Synced +2 file mounts, 3 files/)
    expect(texts(".dotfile")).toEqual(["rc", "rc"])
    expect(texts("seen")).toEqual(["one", "one"])
    for (const link of onNodes("remote/dir/x/link")) expect(readlinkSync(link)).toBe("a.txt")
    for (const script of onNodes("remote/dir/x/sub/run.sh")) expect(lstatSync(script).mode & 0o777).toBe(0o755)
    expect(JSON.stringify(await home.json("events", "m"))).toContain('{"_tag":"FileMountsSynced"')
  })

  it("task-42: reach the cluster with the next launch only, and what was removed stays", async () => {
    const file = task("later", `~/later: ${home.path}/rc`, "run: cat ~/later || echo absent\n")
    const executed = await home.sky("exec", "m", file)
    expect(executed).toMatchObject({
      out: expect.stringContaining("absent"),
      err: expect.stringContaining("file_mounts stay as the last launch made them")
    })
    expect((await home.sky("launch", "-y", "-c", "m", file)).out).toContain("rc")
    expect(texts(".dotfile")).toEqual(["rc", "rc"])
  })

  it("task-39, task-41: sources are relative to where the caller stands; a target without ~ lies in the workdir", async () => {
    const file = task("here", "~/.config: examples/workdir/data\nhere/greet: examples/workdir/greet.sh", "run: ls here ~/.config\n")
    expect(await home.sky("launch", "-y", "-c", "m", file)).toMatchObject({ code: 0, out: expect.stringContaining("greet") })
    expect(texts("sky_workdir/here/greet")).toEqual(Array(2).fill(readFileSync(join(root, "examples/workdir/greet.sh"), "utf8")))
  })

  it("lead nowhere outside of a node: a link that a job put there is replaced, not followed", async () => {
    mkdirSync(join(home.path, "victim"))
    await home.sky("exec", "m", `rm -rf ~/.config && ln -s ${home.path}/victim ~/.config`)
    const file = task("link", `~/.config: ${data}`, "run: 'true'\n")
    expect((await home.sky("launch", "-y", "-c", "m", file)).code).toBe(0)
    expect(existsSync(join(home.path, "victim/a.txt"))).toBe(false)
  })

  it("outside of ~, or of a bucket, are refused before anything is made", async () => {
    for (const [mount, why] of [
      [`/data: ${data}`, "is outside of ~"],
      [`~/../x: ${data}`, "the node's own: ~/x"],
      [`~/..: ${data}`, "the node's own: ~/NAME"],
      ["~/b: s3://bucket/x", "buckets are not supported yet"],
      ["~/b: {name: bucket, source: examples}", "buckets are not supported yet"]
    ] as const) {
      const { code, err } = await home.sky("launch", "-y", "-c", "new", task("no", mount))
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) })
    }
    expect((await home.json("status")).map(({ name }: { name: string }) => name)).toEqual(["m"])
  })

  it("that contradict the workdir or each other are refused at the first launch, before anything is made", async () => {
    const workdir = join(home.path, "linked")
    mkdirSync(workdir)
    symlinkSync(home.path, join(workdir, "out"))
    for (const [mounts, why] of [
      [`out/x: ${home.path}/rc`, `file_mounts.out/x needs a folder where workdir has a link, ${workdir}/out.`],
      [`~/m: ${home.path}/rc\n~/m/y: ${home.path}/rc`, "file_mounts.~/m/y lies at or below file_mounts.~/m, which is a file."]
    ] as const) {
      const file = task("clash", mounts, `workdir: ${workdir}\nrun: 'true'\n`)
      for (const flag of ["-y", "--dryrun"]) {
        const { code, err } = await home.sky("launch", flag, "-c", "new", file)
        expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) })
      }
    }
    expect((await home.json("status")).map(({ name }: { name: string }) => name)).toEqual(["m"])
  })

  it("are never the daemon's own state, nor what lies in it; a folder around it comes without, and is counted so", async () => {
    for (const path of ["", "/nodes"]) {
      const params = JSON.stringify({ clusterName: "m", task: { file_mounts: { "~/state": home.state + path } } })
      expect(await home.sky("rpc", "launch", params)).toMatchObject({
        code: 1,
        err: expect.stringContaining("is the state folder of skyd, or lies in it")
      })
    }
    const around = join(home.path, "around")
    mkdirSync(around)
    writeFileSync(join(around, "a"), "1")
    const { err } = await new Home({ SKYD_HOME: join(around, "s") }).sky("launch", "-y", "-c", "w", "--workdir", around, "true")
    expect(err).toMatch(/Synced +workdir, 1 file\b/)
  })

  it("task-38: whose source is missing, or that end with a slash, are refused with their line", async () => {
    for (const [mount, why] of [
      ["~/x: nowhere", "no.yaml, line 3: file_mounts.~/x: source nowhere does not exist"],
      [`~/x: ${data}/`, "no.yaml, line 3: file_mounts.~/x: the source"]
    ] as const) {
      const { code, err } = await home.sky("launch", "-y", "-c", "new", task("no", mount))
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) })
    }
  })

  it("are absolute on the wire: the daemon stands nowhere", async () => {
    const params = JSON.stringify({ clusterName: "new", task: { file_mounts: { "~/x": "data" } } })
    expect(await home.sky("rpc", "launch", params)).toMatchObject({ code: 2, err: expect.stringContaining("is not absolute") })
  })

  it("that vanish between the look and the copy fail the launch with their name; the cluster stays", async () => {
    const params = JSON.stringify({ clusterName: "m", task: { file_mounts: { "~/x": join(home.path, "gone") } } })
    expect(await home.sky("rpc", "launch", params)).toMatchObject({
      code: 1,
      err: expect.stringContaining("check the file_mounts of the task")
    })
    expect((await home.sky("exec", "m", "true")).code).toBe(0)
  })
})

describe("secrets", () => {
  it("reach the job under any name, and are in no fact", async () => {
    const file = home.file("s.yaml", "secrets: {PIN: null, OTHER: hush-1}\nrun: 'echo ${#PIN} ${#OTHER} ${OTHER%-*}'\n")
    const { code, out } = await home.sky("exec", "m", "--secret", "PIN=hush-2", file)
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("6 6 hush") })
    const events = JSON.stringify(await home.json("events", "--tail", "50"))
    expect(events).not.toContain("hush")
    expect(events).toMatch(/"secretEnvs":\{"(PIN|OTHER)":"[0-9a-f]{64}"/)
  })
})
