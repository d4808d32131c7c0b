/** What the clouds would have and cost, without any account: dry runs, the tables of accelerators, and newer lists. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { Home } from "./home.ts"

const home = new Home()
const dry = (...args: ReadonlyArray<string>) => home.sky("launch", "--dryrun", "-y", "-c", "p", ...args, "nvidia-smi")

describe("a dry run", () => {
  it("plans over all clouds where none that is enabled has it, says that they are not, and makes nothing", async () => {
    await home.sky("status")
    const before = (await home.json("daemon", "status")).head
    const { code, err, out } = await dry("--gpus", "A100:8")
    expect(code).toBe(0)
    expect(out).toMatch(/^GCP europe-west4-a +a2-highgpu-8g +96 +680 +A100:8 +19\.42 +← chosen, not enabled$/m)
    expect(out).toMatch(/^AWS us-east-\d +p4d\.24xlarge +96 +1152 +A100:8 +21\.96 +not enabled$/m)
    expect(out).toMatch(/^1 node: \$19\.42 an hour\. Prices of 2026-05-20 \(GCP\)[^;\n]*; 2026-07-20 \(AWS\)/m)
    expect(out).toMatch(/^Then, if there is no capacity: europe-west4-b, .* more \(-a\), up to \$35\.56 an hour\.$/m)
    expect(out).toContain("sky check")
    expect(err).toContain("not enabled")
    expect((await home.json("daemon", "status")).head).toBe(before)
  })

  it("names the nodes' price together, each zone with -a, and what else would do", async () => {
    const { out } = await dry("--gpus", "L4", "--num-nodes", "2", "-a")
    expect(out).toMatch(/^2 nodes: \$1\.41 an hour/m)
    expect(out).toMatch(
      /^Then, if there is no capacity, at up to \$2\.7\d an hour for 2 nodes:\nINFRA +INSTANCE .*\nGCP (.*\n){60,}AWS sa-east-1b +g6\.xlarge .* 1\.37$/m
    )
    expect(out).not.toMatch(/ \d+ more\.$/m)
    expect(out).toMatch(/^AWS has dearer machines too: g6\.2xlarge, /m)
  })

  it("goes where the user says, though that is not enabled, and stays here where this machine will do", async () => {
    expect((await dry("--infra", "aws/us-east-1", "--use-spot")).out).toMatch(/^AWS us-east-1a +m6i\.2xlarge\[Spot\] .* not enabled$/m)
    expect((await dry("--region", "us-east-1")).out).toMatch(/^AWS us-east-1 +m6i\.2xlarge/m)
    expect((await dry()).out).toMatch(/^local \(this machine\).* free +← chosen$/m)
  })

  it("is refused where nobody has it, with what is near", async () => {
    expect(await dry("--gpus", "V100:3")).toMatchObject({ code: 2, err: expect.stringContaining("V100 is had by 1, 2, 4, 8: ") })
    expect(await dry("--gpus", "H100:3")).toMatchObject({ code: 2, err: expect.stringContaining("H100 is had by 1, 2, 4, 8: ") })
    expect(await dry("--gpus", "T4:1", "--cpus", "128")).toMatchObject({ code: 2 })
    expect(await dry("--infra", "aws/us-east1")).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean 'us-east-1'?") })
    expect(await dry("-t", "m6i.large", "--gpus", "V100", "--cloud", "aws")).toMatchObject({
      code: 2,
      err: expect.stringContaining("m6i.large has no accelerators, V100:1 was asked for")
    })
    expect(await dry("--region", "us-west-1", "--gpus", "V100:4")).toMatchObject({
      code: 7,
      err: expect.stringContaining("Where there is: sky show-gpus V100 --all-regions")
    })
    expect(await dry("--infra", "gcp/northamerica-south1")).toMatchObject({
      code: 7,
      err: expect.stringContaining("Name the instance type, as ")
    })
  })
})

describe("a wish that no cloud can meet", () => {
  const refused = (...args: ReadonlyArray<string>) => home.sky("launch", "-y", "-c", "p", ...args, "true")

  it("is told what is wrong with it before where it cannot go, dry or not", async () => {
    for (const one of [dry, refused]) {
      expect((await one("--cloud", "gcp", "--gpus", "V100:3")).err).toMatch(
        /^✗ GCP has no V100:3\. Besides, GCP is not enabled: .*\n {2}V100 is had by 1, 2, 4, 8: sky show-gpus V100$/m
      )
      expect((await one("--cloud", "aws", "-t", "m6i.2xlagre")).err).toMatch(
        /^✗ There is no instance type 'm6i\.2xlagre' on AWS\. Besides, AWS is not enabled: there are no credentials.*\n {2}Did you mean 'm6i\.2xlarge'\?/m
      )
    }
  })

  it("is told first that no cloud has it, and not only what this machine lacks: no account would help", async () => {
    for (const one of [dry, refused]) {
      expect((await one("--gpus", "A1000")).err).toMatch(
        /^✗ AWS and GCP have no A1000:1\. Besides, this machine has no accelerators, .*\n {2}Did you mean 'A100'\?/m
      )
      expect((await one("--gpus", "L4", "--cpus", "1000+")).err).toMatch(
        /^✗ AWS and GCP have no L4:1 with 1000\+ CPUs\. Besides, this machine/m
      )
    }
  })

  it("of a GPU whose name nobody has is wrong usage and no lack of room, wherever it may go, and is told the nearest", async () => {
    const mistyped = { code: 2, err: expect.stringMatching(/V1000.*\n {2}(.*\n {2})?Did you mean 'V100'\?/) }
    const file = home.file("mistyped.yaml", "resources: {any_of: [{accelerators: V1000}, {accelerators: 'V1000:8'}]}\nrun: r\n")
    for (const one of [dry, refused])
      for (const infra of [[], ["--infra", "aws"], ["--infra", "local"]])
        expect(await one("--gpus", "V1000:1", ...infra)).toMatchObject(mistyped)
    expect(await home.sky("launch", "-y", "-c", "p", file)).toMatchObject(mistyped)
    // One of several may be had elsewhere, or in a while.
    const either = home.file("either-gpu.yaml", "resources: {infra: local, accelerators: [V1000, A100]}\nrun: r\n")
    expect(await home.sky("launch", "-y", "-c", "p", either)).toMatchObject({ code: 7 })
    const { err } = await home.sky("launch", "-y", "-c", "p", "-o", "json", "--gpus", "V1000", "true")
    expect(JSON.parse(err).error).toMatchObject({ tag: "ResourcesUnavailableError", exitCode: 2 })
  })

  it("of TPUs is refused with one sentence, dry or not and whatever is enabled, and beside GPUs they are left out", async () => {
    for (const one of [dry, refused])
      for (const infra of [[], ["--infra", "gcp"]])
        expect(await one("--gpus", "tpu-v3-8", ...infra)).toMatchObject({
          code: 2,
          err: expect.stringMatching(
            /✗ TPUs \(tpu-v3-8\) are listed, and not launched by this version; GPUs are\.\n {2}Which GPUs there are: sky show-gpus\n/
          )
        })
    expect((await home.sky("show-gpus", "tpu-v3-8")).err).toMatch(/^TPUs are listed, and not launched by this version\.$/m)
    expect((await home.sky("show-gpus", "L4")).err).not.toContain("TPU")
    const file = join(home.path, "either.yaml")
    writeFileSync(file, "resources: {accelerators: [tpu-v3-8, 'A100:8']}\nrun: 'true'\n")
    const either = await home.sky("launch", "--dryrun", "-y", "-c", "p", file)
    expect(either.out).toMatch(/A100:8 +19\.42 +← chosen, not enabled/)
    expect(either.err + either.out).toContain("Left out: GCP tpu-v3-8:1 (TPUs (tpu-v3-8) are listed")
  })

  it("of several accelerators says whose the dearer machines are", async () => {
    const file = home.file("several.yaml", "resources: {infra: aws, accelerators: ['A100:8', 'T4:1']}\nrun: r\n")
    expect((await home.sky("launch", "--dryrun", "-c", "p", file)).out).toMatch(/^AWS has dearer machines with T4:1 too: g4dn\.2xlarge, /m)
  })

  it("that contradicts itself is wrong usage, and a region of another cloud is said to be that cloud's", async () => {
    for (const infra of [[], ["--infra", "aws"]])
      expect(await dry("-t", "m5.large", "--gpus", "T4", ...infra)).toMatchObject({
        code: 2,
        err: expect.stringContaining("m5.large has no accelerators, T4:1 was asked for")
      })
    const { code, err } = await dry("--cloud", "aws", "--region", "us-central1")
    expect(code).toBe(2)
    expect(err).toContain("AWS has no region 'us-central1': it is one of GCP's.")
    expect(err).not.toContain("Did you mean")
    expect((await dry("--infra", "aws/us-east1")).err).toMatch(/it is one of GCP's\..*\n {2}Did you mean 'us-east-1'\?/)
    expect((await dry("--cloud", "gcp", "--zone", "us-east-1a")).err).toContain("GCP has no zone 'us-east-1a': it is one of AWS's.")
  })

  it("without credentials exits with 4, each time and wherever it may go, so that nobody tries it again", async () => {
    const credentials = { code: 4, err: expect.stringContaining("AWS is not enabled: there are no credentials") }
    expect(await refused("--infra", "aws")).toMatchObject(credentials)
    expect(await refused("--infra", "aws")).toMatchObject(credentials)
    expect((await refused("--infra", "ssh")).code).toBe(7)
  })

  it("on this machine, which has no such thing, is told which clouds have it, and not to enable one", async () => {
    expect(await refused("--cloud", "local", "--gpus", "T4")).toMatchObject({
      code: 7,
      err: expect.stringMatching(
        /T4:1 was asked for\.\n {2}Ask for less, or leave the cloud out\. Which clouds have it: sky show-gpus T4$/m
      )
    })
  })

  it("on a cloud that this version has no part for says so, and which it can use", async () => {
    expect(await refused("--cloud", "azure")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/this version does not use Azure\.\n {2}It can use: Local, SSH, AWS, GCP/)
    })
  })

  it("is refused with who has it where it names a type or a region of a cloud that is not enabled", async () => {
    for (const [args, code] of [
      [["-t", "m6i.2xlarge"], 2],
      [["--region", "us-east-1"], 2]
    ] as const)
      expect(await refused(...args)).toMatchObject({ code, err: expect.stringContaining("AWS has it from $0.38 an hour") })
  })

  it("beside others that can be met is left out, and the plan says so", async () => {
    const path = home.file(
      "any.yaml",
      "resources: {any_of: [{accelerators: 'H100:3'}, {accelerators: 'V100:8'}, {cloud: azure, cpus: 4}]}\nrun: r\n"
    )
    const { out } = await home.sky("launch", "--dryrun", "-c", "p", path)
    expect(out).toMatch(/^GCP us-central1-a .* V100:8 .*chosen/m)
    expect(out).toMatch(/^Left out: H100:3 \(AWS and GCP have none; there is H100:4, .*\)\.$/m)
    const here = home.file(
      "here.yaml",
      "resources: {any_of: [{cpus: 1+}, {cloud: local, accelerators: 'V100:9'}, {cloud: azure, cpus: 4}]}\nrun: r\n"
    )
    const { out: shown } = await home.sky("launch", "--dryrun", "-c", "p", here)
    expect(shown).toMatch(/^Left out: Local V100:9 \(it has none\)\.\nLeft out: Azure machine with 4 CPUs \(Azure is not enabled\)\.$/m)
  })
})

describe("a launch that no enabled cloud has room for", () => {
  it("is refused, and says who has it and for how much", async () => {
    const { code, err } = await home.sky("launch", "-y", "-c", "p", "--gpus", "A100:8", "nvidia-smi")
    expect(code).toBe(7)
    expect(err).toContain("GCP has it from $19.42 an hour (price of 2026-05-20), but is not enabled: sky check.")
    const two = await home.sky("launch", "-y", "-c", "p", "--gpus", "A100:8", "--num-nodes", "2", "nvidia-smi")
    expect(two.err).toContain("GCP has it from $38.84 an hour for 2 nodes (price of 2026-05-20)")
    expect(await home.json("status")).toEqual([])
  })
})

describe("sky show-gpus", () => {
  it("says of what no public image drives that it takes one of the user's own, where such is among them", async () => {
    const { err } = await home.sky("show-gpus", "K80")
    expect(err).toMatch(/^On AWS launched with an image_id alone, as no public image has a driver for it: K80\.$/m)
    expect((await home.sky("show-gpus", "-a")).err).toMatch(/image_id alone, .*: (.*, )?Gaudi HL-205(, .*)?\.$/m)
    for (const driven of ["T4", "L4", "Trainium"]) expect((await home.sky("show-gpus", driven)).err).not.toContain("image_id")
  })
  it("tells the kinds that there are, and by how many", async () => {
    const { out } = await home.sky("show-gpus")
    expect(out).toMatch(/^COMMON_GPU +AVAILABLE_QUANTITIES$/m)
    expect(out).toMatch(/^V100 +1, 2, 4, 8$/m)
    expect(out).toMatch(/^tpu-v3-SIZE +8, 32, 64, 128, 256, 512, 1024, 2048$/m)
    expect(out).not.toContain("OTHER_GPU")
    expect((await home.sky("show-gpus", "-a")).out).toMatch(/^OTHER_GPU[\s\S]*^Inferentia +1, 4, 16$[\s\S]*inf1\.xlarge/m)
  })

  it("has for a name its machines and prices where they are cheapest, under the newer name too", async () => {
    const { code, err, out } = await home.sky("show-gpus", "v100:8")
    expect(code).toBe(0)
    expect(out).toMatch(/^V100 +8 +AWS +p3\.16xlarge +16GB +64 +488GB +\$ 24\.480 +\$ 4\.162 +us-east-1$/m)
    expect(out).toMatch(/^V100 +8 +GCP +n1-highmem-64 +16GB +64 +416GB +\$ 23\.626 +\$ 11\.302 +us-central1$/m)
    expect(err).toMatch(/Prices of 2026-07-20 \(AWS\)[^;\n]*; 2026-05-20 \(GCP\)/)
    expect((await home.sky("gpus", "list", "v100:8")).out).toBe(out)
  })

  it("has a row for each region, or those of one", async () => {
    const all = await home.json("show-gpus", "^V100$", "--all-regions")
    const regions = all.map(({ region }: { region: string }) => region)
    expect(regions).toContain("eu-west-1")
    const some = await home.json("show-gpus", "^V100$", "--cloud", "aws", "--region", "eu-west-1")
    expect(some.map(({ region }: { region: string }) => region)).toEqual(["eu-west-1", "eu-west-1", "eu-west-1"])
    const west1 = await home.json("show-gpus", "L4:1", "--cloud", "gcp", "--region", "europe-west1")
    expect(west1.map(({ region }: { region: string }) => region)).toEqual(["europe-west1"])
    expect(await home.sky("show-gpus", "L4", "--cloud", "aws", "--region", "us-east1")).toMatchObject({
      code: 2,
      err: expect.stringContaining("Did you mean 'us-east-1'?")
    })
  })

  it("refuses what goes not together, and says when there is no such thing", async () => {
    for (const args of [["-a", "V100"], ["V100:0"], ["V100:1:2"], ["--region", "us-east-1"], ["--all-regions"], ["V100", "T4"]])
      expect((await home.sky("show-gpus", ...args)).code, args.join(" ")).toBe(2)
    const said = async (...args: ReadonlyArray<string>) => {
      const { code, err, out } = await home.sky("show-gpus", ...args)
      expect({ code, out }).toEqual({ code: 0, out: "" })
      return err
    }
    expect(await said("H100:3")).toBe("There is no H100:3, but H100 by 1, 2, 4, 8; H100-MEGA by 8.\n")
    expect(await said("V100:16", "--cloud", "aws")).toBe("There is no V100:16, but V100 by 1, 4, 8; V100-32GB by 8.\n")
    expect(await said("V100", "--cloud", "aws", "--region", "af-south-1")).toBe(
      "There is no V100 in af-south-1. Where there is: sky show-gpus V100 --cloud aws --all-regions\n"
    )
    expect(await said("HI00")).toBe("There is no such accelerator. Did you mean 'H100'? All of them: sky show-gpus -a\n")
    expect((await home.sky("show-gpus", "--infra", "azure")).err).toContain("There are: aws, gcp, ssh, local.")
    expect(await home.sky("show-gpus", "nope")).toMatchObject({ code: 0, out: "", err: expect.stringContaining("sky show-gpus -a") })
  })
})

it("sky show-gpus tells what this machine has, which is in no list, and scripts of which day the prices are", async () => {
  const gpus = new Home()
  const bin = join(gpus.path, "bin")
  mkdirSync(bin)
  writeFileSync(join(bin, "nvidia-smi"), "#!/bin/sh\nprintf '%s\\n' 'NVIDIA L4, [N/A]' 'NVIDIA L4, [N/A]'\n", { mode: 0o755 })
  Object.assign(gpus.env, { PATH: `${bin}:${gpus.env["PATH"]}` })
  expect((await gpus.sky("show-gpus", "--infra", "local")).out).toMatch(/^L4 +this machine +2 +2 +2$/m)
  const here = { cloud: "local", region: null, accelerator: "L4", counts: [2], total: 2, free: 2 }
  expect(await gpus.json("show-gpus", "L4:2", "--infra", "local")).toEqual([here])
  const all = await gpus.json("show-gpus", "^L4$:2")
  expect(all.at(-1)).toEqual(here)
  expect(all[0]).toMatchObject({ cloud: expect.stringMatching(/aws|gcp/), catalog: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) })
  const said = async (...args: ReadonlyArray<string>) => (await gpus.sky("show-gpus", "--infra", ...args)).err
  expect(await said("local", "L4:4")).toBe("There is no L4:4, but L4 by 2.\n")
  expect(await said("local", "H100")).toBe("This machine has no such accelerator.\n")
  expect(await said("local/here")).toContain("it has no region 'here'")
})

describe("sky catalog", () => {
  const list = `InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone
m6i.2xlarge,,,8.0,32.0,,0.5,0.2,us-east-1,use1-az1
m6i.2xlarge,,,8.0,32.0,,-1,,us-east-1,use1-az2
`
  const server = createServer((request, response) => {
    if (request.url === "/vms.csv") response.setHeader("last-modified", "Wed, 25 Nov 2026 08:00:00 GMT").end(list)
    else response.writeHead(500).end()
  })
  afterAll(() => void server.close())

  it("lists what there is", async () => {
    const { out } = await home.sky("catalog", "list")
    expect(out).toMatch(/^AWS +2026-07-20 +1360 +30 +25 +0 +came with the program$/m)
    expect(out).toMatch(/^GCP +2026-05-20 /m)
  })

  it("takes newer lists, which count from then on, a restarted daemon too, and keeps the old one when that fails", async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { code, out } = await home.sky("catalog", "update", "aws", "--from", `${url}/vms.csv`)
    const odd = "it has 1 type, where 1360 were known: sky catalog reset aws"
    expect({ code, out }).toEqual({
      code: 0,
      out: `✓ AWS  updated: prices of 2026-11-25, 1 type, 1 row left out: impossible prices\n  └ ${odd}\n`
    })
    const failed = await home.sky("catalog", "update", "aws", "--from", `${url}/broken.csv`)
    expect(failed).toMatchObject({
      code: 1,
      out: expect.stringContaining("the server answers 500 Internal Server Error. Still that of 2026-11-25")
    })
    await home.sky("daemon", "restart")
    expect((await dry("--cloud", "aws")).out).toMatch(/^AWS us-east-1 +m6i\.2xlarge +8 +32 +- +0\.50 /m)
    expect(await home.sky("catalog", "update", "--from", `${url}/vms.csv`)).toMatchObject({ code: 2 })
    expect(await home.sky("catalog", "update", "azure")).toMatchObject({ code: 2, err: expect.stringContaining("aws, gcp") })
  })

  it("takes a file by a path as the user's shell means it", async () => {
    const path = home.file("mine.csv", list)
    expect((await home.sky("catalog", "update", "aws", "--from", path)).code).toBe(0)
    expect((await home.json("catalog", "list"))[0]).toMatchObject({ cloud: "aws", types: 1, refused: 1, source: path })
    expect((await home.sky("catalog", "update", "aws", "--from", `file://${path}`)).code).toBe(0)
    const odd = await home.sky("catalog", "update", "aws", "--from", "ftp://mirror.example/vms.csv")
    expect(odd).toEqual({
      code: 2,
      out: "",
      err: expect.stringMatching(/^✗ A list is had by http, by https or .* 'ftp:\/\/mirror\.example/)
    })
  })

  it("says that a file's prices are of the day of the file, which is not one that is to come", async () => {
    const path = home.file("dated.csv", list)
    utimesSync(path, new Date("2026-02-03"), new Date("2026-02-03"))
    expect((await home.sky("catalog", "update", "aws", "--from", path)).out).toContain("prices of 2026-02-03, as the file is dated, 1 type")
    utimesSync(path, new Date("2099-01-01"), new Date("2099-01-01"))
    expect((await home.sky("catalog", "update", "aws", "--from", path)).out).not.toContain("2099")
  })

  it("goes back to the lists that came with the program", async () => {
    const reset = await home.sky("catalog", "reset", "aws")
    expect(reset).toMatchObject({ code: 0, out: "✓ AWS  back to the list that came with the program: prices of 2026-07-20, 1360 types\n" })
    expect((await home.json("catalog", "list"))[0]).toMatchObject({ cloud: "aws", source: null, types: 1360 })
    expect((await home.json("catalog", "reset")).map(({ status }: { status: string }) => status)).toEqual(["unchanged", "unchanged"])
    for (const args of [["reset", "azure"], ["reset", "--from", "x"], ["rest"]])
      expect((await home.sky("catalog", ...args)).code, args.join(" ")).toBe(2)
  })
})
