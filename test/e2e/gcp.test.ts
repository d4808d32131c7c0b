/** Compute Engine, as strict_gce has it, with real machines at the addresses of its instances: the same verbs as on local, from nothing there to nothing left. */
import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { type GceInstance, gceAccount } from "../tools/gce.ts"
import { GceMachines } from "./gce.ts"
import { eventually, Home, kill } from "./home.ts"
import { describeWithMachines, whyNoMachines } from "./netns.ts"

describeWithMachines("clusters on Compute Engine", () => {
  let machines: GceMachines
  let home: Home
  beforeAll(async () => {
    machines = await GceMachines.start(2)
  })
  afterAll(async () => {
    await machines.end()
  })
  beforeEach(async () => {
    await machines.gce.strict("DELETE", "faults")
    await machines.gce.strict("DELETE", "calls")
    home = new Home(machines.gce.env)
  })
  const place = "gcp/us-central1/us-central1-a"
  const launch = (name: string, ...args: ReadonlyArray<string>) => home.sky("launch", "-y", "-c", name, "--infra", place, ...args)
  const status = async (name: string) => (await home.json("status", "-r", name))[0]
  const only = async () => (await machines.gce.instances())[0] as GceInstance
  const nothingLeft = async () => {
    expect(await machines.gce.instances()).toEqual([])
    expect(await machines.gce.strict("GET", "disks")).toEqual([])
    const { items } = await machines.gce.console("GET", "global/firewalls")
    expect(items.map(({ name }: { name: string }) => name).filter((name: string) => name.startsWith("skyd"))).toEqual([])
  }

  it("a gang is launched with its workdir, runs, and is gone without a trace once it is down", async () => {
    const folder = join(home.path, "work")
    mkdirSync(folder)
    writeFileSync(join(folder, "data.txt"), "of the workdir\n")
    const resources = `{infra: ${place}, ports: 8080, labels: {team: red}, disk_size: 100, disk_tier: high}`
    const run = "cat data.txt\n  echo $(whoami) rank $SKYPILOT_NODE_RANK at $SKYPILOT_NODE_IPS"
    const task = `workdir: ${folder}\nnum_nodes: 2\nresources: ${resources}\nsetup: echo set up\nrun: |\n  ${run}\n`
    writeFileSync(join(folder, "task.yaml"), task)
    const launched = await home.sky("launch", "-y", "-c", "two", join(folder, "task.yaml"))
    expect(launched).toMatchObject({ code: 0 })
    const instances = await machines.gce.instances()
    expect(instances.map(({ machineType, zone }) => [machineType, zone])).toEqual([
      ["n2-standard-8", "us-central1-a"],
      ["n2-standard-8", "us-central1-a"]
    ])
    for (const { labels, name } of instances) {
      expect(labels).toMatchObject({ team: "red" })
      expect(name).toMatch(/^two-[0-9a-z]{10}-[01]$/)
    }
    const events: ReadonlyArray<{ readonly event: { readonly _tag: string; readonly host: string; readonly address: string } }> =
      await home.json("events")
    const given = events.flatMap(({ event }) => (event._tag === "NodeProvisioned" ? [event] : []))
    expect(given.map(({ host }) => host).sort()).toEqual(instances.map(({ name }) => name).sort())
    const addresses = given.map(({ address }) => address)
    for (const rank of [0, 1]) expect(launched.out).toContain(`ubuntu rank ${rank} at ${addresses.join(" ")}`)
    expect(launched.out).toContain("of the workdir")
    expect(JSON.stringify(events)).not.toContain("PRIVATE KEY")
    const disks: ReadonlyArray<{ readonly sizeGb: number }> = await machines.gce.strict("GET", "disks")
    expect(disks.map(({ sizeGb }) => sizeGb)).toEqual([100, 100])
    const { items } = await machines.gce.console("GET", "global/firewalls")
    const rule = items.find(({ name }: { name: string }) => name.startsWith("skyd-ports-"))
    expect(rule).toMatchObject({ allowed: [{ IPProtocol: "tcp", ports: ["8080"] }], targetTags: [rule.name] })
    expect((await home.sky("exec", "two", "exit 3")).code).toBe(100)
    expect((await home.sky("logs", "two", "1", "--no-follow")).out).toContain("rank 1 at")
    const config = join(home.path, ".ssh/config")
    const said = execFileSync("ssh", ["-F", config, "two-worker1", "hostname"], { encoding: "utf8", env: home.env }).trim()
    expect(machines.machines.map(({ hostname }) => hostname)).toContain(said)
    expect((await home.sky("status")).out).toContain("2x GCP(n2-standard-8)")
    expect(await home.sky("down", "-y", "two")).toMatchObject({ code: 0 })
    await nothingLeft()
    const inserts = await machines.gce.calls("instances.bulkInsert")
    expect(inserts.map(({ status: answer }) => answer)).toEqual([200])
  }, 180_000)

  it("stop-06: a cluster is stopped with its disk, started again, and takes jobs; on spot machines too", async () => {
    expect(await launch("one", "--use-spot", "echo kept > ~/kept.txt")).toMatchObject({ code: 0 })
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    expect(await only()).toMatchObject({ status: "TERMINATED", spot: true })
    expect((await status("one")).status).toBe("STOPPED")
    expect(await home.sky("start", "-y", "one")).toMatchObject({ code: 0 })
    expect(await home.sky("exec", "one", "cat ~/kept.txt")).toMatchObject({ code: 0, out: expect.stringContaining("kept") })
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    await nothingLeft()
  }, 180_000)

  it("a reply that is lost, and a daemon that is killed meanwhile, make no second instance", async () => {
    await machines.gce.strict("POST", "faults", {
      action: "instances.bulkInsert",
      afterEffect: true,
      drop: true,
      delaySeconds: 1,
      times: 1
    })
    const launching = home.start("launch", "-y", "-c", "one", "--infra", place, "-d", "true")
    await eventually(async () => (await machines.gce.instances()).length > 0)
    kill(await home.daemonPid())
    expect(await launching.ended).toMatchObject({ code: 0 })
    expect(await machines.gce.instances()).toHaveLength(1)
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    await nothingLeft()
  }, 120_000)

  it("what was stopped and is started in the console is up again after a look, and what was deleted there is gone, and by whom is told", async () => {
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    const { name, zone } = await only()
    await machines.gce.console("POST", `zones/${zone}/instances/${name}/start`)
    await eventually(
      async () => (await status("one")).status,
      (word) => word === "UP"
    )
    expect(await home.sky("exec", "one", "echo here")).toMatchObject({ code: 0, out: expect.stringContaining("here") })
    await machines.gce.console("DELETE", `zones/${zone}/instances/${name}`)
    await eventually(
      async () => await home.json("status", "-r"),
      (rows) => rows.length === 0
    )
    expect((await home.sky("why", "one")).out).toContain("by a call to GCP of tester@example.com")
  }, 120_000)

  it("a spot machine that GCP takes back is gone with its cluster, and that is told", async () => {
    expect(await launch("cheap", "--use-spot", "-d", "sleep 1000")).toMatchObject({ code: 0 })
    const { name } = await only()
    await machines.gce.strict("POST", `instances/${name}/preempt`)
    // Nobody asks: that its agent is silent is enough to look.
    await eventually(
      async () => await home.json("status"),
      (rows) => rows.length === 0
    )
    expect((await home.sky("why", "cheap")).out).toContain("GCP took the spot machine back")
    await nothingLeft()
  }, 120_000)

  it("an error of GCP's is never the end of a cluster", async () => {
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    await machines.gce.strict("POST", "faults", { action: "instances.aggregatedList", reason: "forbidden" })
    expect((await status("one")).status).toBe("UP")
    await machines.gce.strict("DELETE", "faults")
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
  }, 120_000)

  it("calls that come too fast or meet an error of Google's are made again, and what is slow is waited for", async () => {
    await machines.gce.strict("POST", "faults", [
      { action: "instances.bulkInsert", reason: "rateLimitExceeded", times: 2 },
      { action: "zoneOperations.wait", reason: "backendError", times: 2 },
      { action: "instances.delete", drop: true, afterEffect: true, times: 1 },
      { action: "instances.aggregatedList", reason: "rateLimitExceeded", status: 429, times: 1 }
    ])
    const times = {
      seconds: 1,
      listSeconds: 1,
      pendingSeconds: 1,
      insertSeconds: 2,
      stagingSeconds: 1,
      startSeconds: 1,
      stopSeconds: 2,
      deleteSeconds: 2
    }
    await machines.gce.strict("PUT", "visibility", { ...times, waitSeconds: 1 })
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    expect(await home.sky("start", "-y", "one")).toMatchObject({ code: 0 })
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
    await nothingLeft()
    await machines.give()
  }, 120_000)

  it("what the credentials may not do is named with the role that brings it, and so is an API that is not enabled", async () => {
    await machines.gce.strict("PUT", "denied", ["compute.instances.create", "compute.firewalls.create"])
    const lacking = await home.sky("check", "gcp")
    expect(lacking.out).toContain("its credentials may not compute.instances.create (roles/compute.instanceAdmin.v1 brings it)")
    expect((await launch("one", "true")).err).toContain("compute.instances.create")
    await machines.gce.strict("PUT", "denied", [])
    expect((await home.sky("check", "gcp")).out).toContain("gcp: enabled")
    const message = "Compute Engine API has not been used in project lab-1 before or it is disabled."
    await machines.gce.strict("POST", "faults", { action: "projects.get", reason: "accessNotConfigured", message })
    // What was seen a moment ago is not told again.
    expect((await home.sky("check", "gcp")).out).toContain("Compute Engine API has not been used in project lab-1")
  }, 120_000)

  it("a cluster belongs to the account and the project that launched it", async () => {
    expect(await launch("one", "-d", "true")).toMatchObject({ code: 0 })
    expect(JSON.stringify(await home.json("events"))).toContain(`${gceAccount} [project_id=lab-1]`)
    expect(await home.sky("down", "-y", "one")).toMatchObject({ code: 0 })
  }, 120_000)

  it("a new cluster begins with the disk of a stopped one", async () => {
    expect(await launch("one", "true")).toMatchObject({ code: 0 })
    const copy = () => launch("two", "--clone-disk-from", "one", "echo copied")
    expect(await copy()).toMatchObject({ code: 6, err: expect.stringContaining("sky stop one") })
    expect(await home.sky("stop", "-y", "one")).toMatchObject({ code: 0 })
    expect(await copy()).toMatchObject({ code: 0, out: expect.stringContaining("copied") })
    const { items = [] } = await machines.gce.console("GET", "global/snapshots")
    expect(items).toEqual([])
    expect(await home.sky("down", "-y", "-a")).toMatchObject({ code: 0 })
    await nothingLeft()
  }, 120_000)

  it("a gang whose log is lost is adopted, takes jobs, and goes without a trace", async () => {
    expect(await launch("two", "--num-nodes", "2", "echo before")).toMatchObject({ code: 0 })
    expect(await home.json("leaks", "--all")).toEqual([])
    await home.json("daemon", "stop")
    for (const name of ["log", "HEAD", "snapshots"]) rmSync(join(home.state, name), { recursive: true })
    const all: ReadonlyArray<{ readonly id: string }> = await home.json("leaks", "--all")
    const live = await machines.gce.instances()
    expect(all.map(({ id }) => id).sort()).toEqual(live.map(({ name }) => name).sort())
    expect(all[0]).toMatchObject({ cloud: "gcp", region: "us-central1", clusterName: "two", state: "running" })
    expect(await home.sky("leaks", "--adopt", "-y", "two")).toMatchObject({ code: 0 })
    await eventually(
      async () => (await home.json("status"))[0],
      (row) => row.status === "UP" && row.numNodes === 2
    )
    const ran = await home.sky("exec", "two", "--num-nodes", "2", "echo rank $SKYPILOT_NODE_RANK")
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining("rank 1") })
    expect(await home.sky("down", "-y", "two")).toMatchObject({ code: 0 })
    await nothingLeft()
  }, 180_000)

  it("TPUs, docker images and labels that GCP does not take are refused with a sentence", async () => {
    const refused = async (...args: ReadonlyArray<string>) =>
      (await home.sky("launch", "-y", "-c", "one", "--infra", "gcp", ...args, "true")).err
    expect(await refused("--gpus", "tpu-v5litepod-8")).toMatch(
      /^✗ TPUs \(tpu-v5litepod-8\) are listed, and not launched by this version; GPUs are\.\n {2}Which GPUs/m
    )
    expect(await refused("--image-id", "docker:ubuntu")).toContain("docker images are not run on GCP by this version")
    const file = join(home.path, "task.yaml")
    writeFileSync(file, `resources: {infra: ${place}, labels: {Team: Red}}\nrun: "true"\n`)
    expect((await home.sky("launch", "-y", "-c", "one", file)).err).toContain("GCP takes no label 'Team: Red'")
    await nothingLeft()
  }, 120_000)
})

describe.skipIf(whyNoMachines !== null)("a cluster on Compute Engine that is idle", () => {
  let machines: GceMachines
  beforeAll(async () => {
    machines = await GceMachines.start(2, { SKYD_AGENT_MINUTE_MS: "1000" })
  })
  afterAll(async () => {
    await machines.end()
  })

  it.each([
    ["stops its machines by itself, while no daemon runs", [], false],
    ["is deleted by the daemon, once it has shut itself down", ["--down"], true],
    ["is deleted by the next daemon, where none ran when it shut itself down", ["--down"], false]
  ] as const)(
    "%s",
    async (_, flags, watched) => {
      const home = new Home(machines.gce.env)
      const place = "gcp/us-central1/us-central1-a"
      expect(await home.sky("launch", "-y", "-c", "two", "--num-nodes", "2", "--infra", place, "-i", "3", ...flags, "true")).toMatchObject({
        code: 0
      })
      const own = await machines.gce.instances()
      expect(own.map(({ labels }) => labels["skyd-ends"])).toEqual(flags.length > 0 ? ["down", "down"] : ["stop", "stop"])
      if (!watched) {
        await home.sky("daemon", "stop")
        // With news that nobody takes from it the head waits a minute.
        const areOff = async () => (await machines.gce.instances()).every(({ status }) => status === "TERMINATED")
        await expect.poll(areOff, { timeout: 100_000, interval: 200 }).toBe(true)
      }
      const isDown = flags.length > 0
      const rows = await eventually(
        async () => await home.json("status", "-r"),
        (found) => (isDown ? found.length === 0 : found[0]?.status === "STOPPED")
      )
      if (isDown) {
        expect(await machines.gce.instances()).toEqual([])
        expect(await machines.gce.strict("GET", "disks")).toEqual([])
      } else {
        expect(rows[0].reason).toMatch(/idle|by itself/)
        expect(await home.sky("start", "-y", "two")).toMatchObject({ code: 0 })
      }
      expect((await home.sky("down", "-y", "-a")).code).toBe(0)
      expect(await machines.gce.instances()).toEqual([])
    },
    180_000
  )

  it("that is to be deleted and may not be is said to wait for that, with what its disk costs, and costs no more than that", async () => {
    const home = new Home(machines.gce.env)
    const place = "gcp/us-central1/us-central1-a"
    expect(await home.sky("launch", "-y", "-c", "ad", "--infra", place, "-i", "2", "--down", "true")).toMatchObject({ code: 0 })
    await machines.gce.strict("POST", "faults", { action: "instances.delete", reason: "forbidden" })
    const row = await eventually(
      async () => (await home.json("status"))[0],
      (found) => found.offDisks !== undefined
    )
    expect(row.nodes[0].state).toBe("stopped")
    const { out } = await home.sky("status")
    expect(out).toMatch(/it is off, and waits to be deleted: .*instances\.delete.*roles\/compute\.instanceAdmin\.v1/)
    expect(out).toContain("its disk costs about $0.04 an hour until then")
    expect(out).toContain("sky down ad")
    expect(out).toContain("About $0.04 an hour for the disk of ad, which is off.")
    expect(out).not.toContain("while ad runs")
    expect((await home.sky("why", "ad")).out).toContain("waits to be deleted")
    const costs = async () => (await home.json("cost-report"))[0]
    const { runningUsdPerHour, totalUsd } = await costs()
    expect(runningUsdPerHour).toBe(0)
    expect(totalUsd).toBeGreaterThan(0)
    await machines.gce.strict("DELETE", "faults")
    await eventually(
      async () => await home.json("status"),
      (rows) => rows.length === 0
    )
    expect(await machines.gce.strict("GET", "disks")).toEqual([])
  }, 180_000)
})
