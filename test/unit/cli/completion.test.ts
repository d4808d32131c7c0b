/** Completion as the shells read it, with a `sky` that says what it is asked for. */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { scripts } from "../../../cli/commands/completion.ts"
import { cluster } from "./answers.ts"
import { fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky } from "./sky.ts"

const isThere = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0

/** What is offered for the words so far, the last one unfinished; `FILES` where those of the folder are. */
const inBash = (line: string): Array<string> => {
  const program = `
    sky() { case "$*" in complete-names) echo train trick ;; complete-names\\ train) echo 12 11 ;; complete-names\\ --open\\ train) echo 12 ;; esac; }
    ${scripts.bash!()}
    COMP_WORDS=(${line
      .split(" ")
      .map((word) => `'${word}'`)
      .join(" ")}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    compopt() { shown=; }; shown=FILES
    _sky; echo "\${COMPREPLY[*]}\${COMPREPLY[0]:+ }$shown"`
  return execFileSync("bash", ["-c", program], { encoding: "utf8" }).trim().split(" ").filter(Boolean)
}

const inFish = (line: string): Array<string> => {
  const folder = mkdtempSync(join(tmpdir(), "sky-fish-"))
  const program = `
    function sky
      switch "$argv"
        case complete-names
          printf '%s\\n' train trick
        case 'complete-names train'
          printf '%s\\n' 12 11
        case 'complete-names --open train'
          echo 12
      end
    end
    ${scripts.fish!()}
    complete -C '${line}'`
  try {
    writeFileSync(join(folder, "FILES"), "")
    const env = { PATH: process.env.PATH, HOME: folder }
    const out = execFileSync("fish", ["--no-config", "-c", program], { encoding: "utf8", cwd: folder, env })
    return out.split("\n").flatMap((offered) => (offered === "" ? [] : [offered.split("\t")[0]!]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe.each([
  ["bash", inBash],
  ["fish", inFish]
])("completion in %s", (shell, offered) => {
  describe.skipIf(!isThere(shell))("where it is installed", () => {
    it.each([
      ["sky hel", ["help"]],
      ["sky help do", ["down"]],
      ["sky down t", ["train", "trick"]],
      ["sky down train tri", ["trick"]],
      ["sky logs t", ["train", "trick"]],
      ["sky logs train ", ["11", "12"]],
      ["sky logs --tail 2 train ", ["11", "12"]],
      ["sky logs --tail ", []],
      ["sky cancel train ", ["12"]],
      ["sky why train ", []],
      ["sky launch -c tri", ["trick"]],
      ["sky exec train ", ["FILES"]],
      ["sky daemon sta", ["start", "status"]],
      ["sky daemon logs ", []]
    ])("of '%s' offers %j", (line, words) => {
      expect(offered(line).sort()).toEqual(words)
    })
  })
})

it.skipIf(!isThere("zsh"))("completion in zsh can be read by it", () => {
  expect(spawnSync("zsh", ["-n"], { input: scripts.zsh!(), encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" })
})

describe("what completion asks for", () => {
  let dist: string
  beforeAll(async () => {
    dist = await bundle()
  })

  it("is the clusters, or the jobs of one", async () => {
    await using daemon = await fakeDaemon({
      status: (_, reply) => reply.result({ clusters: [cluster("train")], notFound: [] }),
      queue: ({ params }, reply) => reply.result({ jobs: [{ id: params.skipFinished ? 2 : 1 }], clusters: ["train"], notFound: [] })
    })
    const names = async (...words: Array<string>) => (await sky(dist, daemon.home, ["complete-names", ...words])).out
    expect(await names()).toBe("train\n")
    expect(await names("train")).toBe("1\n")
    expect(await names("--open", "train")).toBe("2\n")
  })

  it("is nothing, without a word, where no daemon runs", async () => {
    expect(await sky(dist, "/nowhere", ["complete-names"])).toEqual({ code: 0, out: "", err: "" })
  })
})
