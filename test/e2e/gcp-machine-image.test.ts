/** A cluster of a machine image of Compute Engine's, whose disks have the size that they were kept with. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { GceMachines } from "./gce.ts"
import { Home } from "./home.ts"
import { describeWithMachines } from "./netns.ts"

describeWithMachines("a cluster of a machine image", () => {
  let machines: GceMachines
  let home: Home
  beforeAll(async () => {
    machines = await GceMachines.start(2)
    home = new Home(machines.gce.env)
  })
  afterAll(async () => {
    await home.sky("daemon", "stop")
    await machines.end()
  })

  it("gets a worker back that was lost, of the same image, and says how large its disks are", async () => {
    const place = "gcp/us-central1/us-central1-a"
    const [console, zone] = [machines.gce.console.bind(machines.gce), "zones/us-central1-a/instances"]
    expect(await home.sky("launch", "-y", "-c", "source", "--infra", place, "--disk-size", "500")).toMatchObject({ code: 0 })
    const [source] = await machines.gce.instances()
    await console("POST", "global/machineImages", { name: "kept", sourceInstance: `${zone}/${source!.name}` })
    expect(await home.sky("down", "-y", "source")).toMatchObject({ code: 0 })
    const image = "projects/lab-1/global/machineImages/kept"
    const task = join(home.path, "task.yaml")
    writeFileSync(task, `num_nodes: 2\nresources: {infra: ${place}, image_id: ${image}}\nrun: echo rank $SKYPILOT_NODE_RANK\n`)
    const launch = () => home.sky("launch", "-y", "-c", "two", task)
    expect(await launch()).toMatchObject({ code: 0 })
    const worker = (await machines.gce.instances()).find(({ name }) => name.endsWith("-1"))
    await console("DELETE", `${zone}/${worker!.name}`)
    await expect.poll(async () => (await machines.gce.instances()).length, { timeout: 30_000 }).toBe(1)
    await home.sky("status", "-r")
    const again = await launch()
    expect(again, again.err).toMatchObject({ code: 0 })
    expect(again.out).toContain("rank 1")
    const [row] = await home.json("status")
    expect(row.handle.launchedMachine).toEqual({ diskGib: 500, images: { "us-central1": image } })
    expect(await home.sky("down", "-y", "two")).toMatchObject({ code: 0 })
  }, 240_000)
})
