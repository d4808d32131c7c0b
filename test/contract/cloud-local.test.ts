import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { misfit, thisMachine } from "../../daemon/clouds/local/offers.ts"
import { loginPath } from "../../machine/environment.ts"
import { acceleratorName, findKind } from "../../machine/hardware.ts"
import { readJournal } from "../../machine/journal.ts"
import { nodeFiles } from "../../sdk/agent/node-folder.ts"
import { tempFolder } from "../unit/sync/tree.ts"

describe("the accelerators of this machine", () => {
  it.each([
    ["NVIDIA A100-SXM4-40GB", "A100"],
    ["NVIDIA A100-SXM4-80GB", "A100-80GB"],
    ["NVIDIA A100 80GB PCIe", "A100-80GB"],
    ["Tesla V100-SXM2-16GB", "V100"],
    ["Tesla V100-SXM2-32GB", "V100-32GB"],
    ["NVIDIA H100 80GB HBM3", "H100"],
    ["NVIDIA H100 NVL", "H100"],
    ["NVIDIA H200", "H200"],
    ["NVIDIA GH200 480GB", "GH200"],
    ["NVIDIA B200", "B200"],
    ["NVIDIA L4", "L4"],
    ["NVIDIA L40S", "L40S"],
    ["NVIDIA A10G", "A10G"],
    ["Tesla T4", "T4"],
    ["Tesla P100-PCIE-16GB", "P100"],
    ["NVIDIA GeForce RTX 4090", "RTX4090"],
    ["NVIDIA RTX A6000", "RTXA6000"],
    ["NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTXPRO6000"],
    ["NVIDIA H100 NVL", "H100"],
    ["NVIDIA RTX 6000 Ada Generation", "RTX6000-Ada"],
    ["Quadro RTX 6000", "RTX6000"]
  ])("'%s' is called %s", (printed, name) => {
    assert.strictEqual(acceleratorName(printed), name)
  })

  it("are those of the kind of which there are most, by the numbers that nvidia-smi gives them", () => {
    const mixed = findKind("Tesla T4, [N/A]\nNVIDIA L4, [N/A]\nTesla T4, [N/A]\n")
    assert.deepStrictEqual(mixed, { accelerators: { name: "T4", count: 2, ids: ["0", "2"] }, others: ["L4:1"] })
    assert.deepStrictEqual(findKind("Tesla T4\nTesla T4\n"), { accelerators: { name: "T4", count: 2 }, others: [] })
    assert.deepStrictEqual(findKind("\n"), { accelerators: null, others: [] })
  })

  it("are the parts of a GPU where it is parted, by their own names", () => {
    const name = "NVIDIA A100-SXM4-40GB"
    const listed = `GPU 0: ${name} (UUID: GPU-5d)\n  MIG 3g.20gb     Device  0: (UUID: MIG-c6)\n  MIG 3g.20gb     Device  1: (UUID: MIG-c7)\nGPU 1: ${name} (UUID: GPU-6e)\n`
    assert.deepStrictEqual(findKind(`${name}, Enabled\n${name}, Disabled\n`, listed), {
      accelerators: { name: "A100-MIG-3g.20gb", count: 2, ids: ["MIG-c6", "MIG-c7"] },
      others: ["A100:1"]
    })
    // Nothing runs on one that is to be parted and is not.
    assert.deepStrictEqual(findKind(`${name}, Enabled\n`, `GPU 0: ${name} (UUID: GPU-5d)\n`), { accelerators: null, others: [] })
  })

  it("are not those that are broken, nor what is said of them", () => {
    const printed =
      "NVIDIA H100 80GB HBM3, Disabled\n[GPU is lost], [GPU is lost]\nNVIDIA H100 80GB HBM3, Disabled\nWARNING: infoROM is corrupted at gpu 0000:3B:00.0\n"
    assert.deepStrictEqual(findKind(printed).accelerators, { name: "H100", count: 2, ids: ["0", "2"] })
    assert.deepStrictEqual(findKind(printed).others, ["[GPU is lost]:1"])
  })
})

describe("a task and this machine", () => {
  const machine = { ...thisMachine({ name: "A100", count: 4 }), cpus: 16, memoryGib: 64 }
  const why = (resources: object) => misfit(machine, { resources })

  it("fit when the machine has at least what is asked for, exactly or not", () => {
    for (const resources of [{}, { cpus: 4 }, { cpus: "16+", memory: 64 }, { accelerators: "a100:4" }, { accelerators: { A100: 0.5 } }]) {
      assert.isNull(why(resources))
    }
  })

  it("do not fit for a reason that says what there is and what was asked for", () => {
    assert.strictEqual(why({ cpus: "9999+" }), "this machine has 16 CPUs, 9999+ were asked for")
    assert.strictEqual(why({ memory: 65 }), "this machine has 64 GiB of memory, 65 were asked for")
    assert.strictEqual(why({ accelerators: "A100:8" }), "this machine has A100:4, A100:8 was asked for")
    assert.strictEqual(why({ accelerators: "H100" }), "this machine has A100:4, H100:1 was asked for")
    assert.strictEqual(
      misfit({ ...machine, accelerators: null }, { resources: { accelerators: "T4" } }),
      "this machine has no accelerators, T4:1 was asked for"
    )
  })
})

describe("PATH as a login sees it", () => {
  const shell = (text: string) =>
    Effect.map(tempFolder, (folder) => {
      const path = join(folder, "shell")
      writeFileSync(path, `#!/bin/sh\n${text}\n`)
      chmodSync(path, 0o755)
      return path
    })
  const ask = (text: string) => Effect.flatMap(shell(text), (path) => Effect.promise(() => loginPath(path)))

  it.live("is found among what a profile prints, also when a child of the shell keeps the pipe", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ask(`echo hello; PATH=/opt/x:/bin; sleep 20 & eval "$2"; echo bye`), "/opt/x:/bin")
    })
  )

  it.live("is unknown when the shell fails, says nothing, or does not end within three seconds", () =>
    Effect.gen(function* () {
      assert.isNull(yield* ask("exit 1"))
      assert.isNull(yield* Effect.promise(() => loginPath("/no/such/shell")))
      assert.isNull(yield* ask("sleep 60"))
    })
  )
})

describe("a journal at rest", () => {
  const head = `{"journal":"01J","acknowledged":0}\n`
  const entry = (n: number) => `{"n":${n},"atMs":1,"fact":{"_tag":"JobSettingUp","job":1}}\n`

  const read = async (text: string) => {
    const folder = mkdtempSync(join(tmpdir(), "journal-"))
    mkdirSync(dirname(join(folder, nodeFiles.journal)), { recursive: true })
    writeFileSync(join(folder, nodeFiles.journal), text)
    return readJournal(folder)
  }

  it("holds its whole entries: a torn last line was never told to anyone", async () => {
    const found = await read(head + entry(3) + entry(4) + entry(5).slice(0, 20))
    assert.deepStrictEqual(
      found?.entries.map(({ n }) => n),
      [3, 4]
    )
    assert.deepStrictEqual(await read(head), { journal: "01J", entries: [] })
  })

  it("is none when its first line is not whole", async () => {
    assert.isNull(await read(""))
    assert.isNull(await read(head.trim()))
  })
})
