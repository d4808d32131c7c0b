/** Help pages of what looks at clouds, their machines and prices. */
import { at, type Page, when, yes } from "./page.ts"

export const cloudPages = {
  check: {
    usage: "sky check [-v] [CLOUD…]",
    summary: "which clouds can be used",
    note: "Of ssh each machine is asked. Exit code 1: a cloud that is named, or a machine of it, cannot be used.",
    flags: [["-v, --verbose", "as whom each cloud is used"]],
    examples: ["sky check ssh", "sky check -v -o json"]
  },
  "cost-report": {
    usage: "sky cost-report [-a] [--at WHEN] [CLUSTER…]",
    summary: "what clusters have cost, those that are gone too",
    note: `Of machines alone, from when the cloud gave one to when it was seen to have ended, by its price when it was asked for.\n${when}`,
    flags: [["-a, --all", "all that are known, not five"], at],
    examples: ["sky cost-report", "sky cost-report -a -o json"]
  },
  "show-gpus": {
    usage: "sky show-gpus [NAME[:COUNT]] [-a] [--infra CLOUD[/REGION]] [--cloud CLOUD] [--region REGION] [--all-regions]",
    summary: "accelerators, where they are cheapest, and their prices",
    note: "NAME is a part of it, in any case; ^ $ . * + ? [ ] are those of regular expressions. By the lists of all clouds, enabled or not, and of your own machines what there is and what is free. Also: sky gpus list",
    flags: [
      ["-a, --all", "all kinds, each with its machines"],
      ["--infra CLOUD[/REGION]", "of this one only; of a pool: ssh/POOL"],
      ["--cloud CLOUD", "of this one only"],
      ["--region REGION", "in this region; needs --cloud"],
      ["--all-regions", "NAME in each region, not only where it is cheapest"]
    ],
    examples: ["sky show-gpus --infra ssh", "sky show-gpus A100:8 --all-regions"]
  },
  catalog: {
    usage: "sky catalog list | update [CLOUD…] [--from URL|FILE [--sha256 SUM]] | reset [CLOUD…]",
    summary: "the lists of offers and prices; newer ones, and back",
    note: "They are fetched from where SkyPilot publishes them, or from URL or FILE in the same form (CSV); the prices of a file are told as of the day that it was last changed. What is there stays if that fails. The way back to the list that came with the program: reset.",
    flags: [
      ["--from URL|FILE", "update: the list of one cloud, from there"],
      ["--sha256 SUM", "update: what it must sum up to"]
    ],
    examples: ["sky catalog update aws --from ./vms.csv", "sky catalog reset aws"]
  },
  leaks: {
    usage: "sky leaks [-a] | sky leaks --terminate [-y] [ID|CLUSTER…] | sky leaks --adopt [-y] [--as NAME] CLUSTER",
    summary: "what the clouds hold of ours and no cluster has",
    note: "All regions are asked; what does not answer is said, with exit code 1. --terminate without a name: all that this log has made. --adopt makes machines a cluster again, of whichever log they were; nothing is done to them.",
    flags: [
      ["-a, --all", "also what other logs have made"],
      ["--terminate", "end them"],
      ["--adopt", "make their machines a cluster of this log"],
      ["--as NAME", "--adopt: under another name"],
      yes
    ],
    examples: ["sky leaks -o json", "sky leaks --terminate -y vol-0a1b2c3d"]
  },
  ssh: {
    usage: "sky ssh ls [POOL]",
    summary: "your own machines, and who has them",
    note: "They are named in ssh_node_pools.yaml, in the state folder or in ~/.sky. One is used by: sky launch --infra ssh/POOL",
    flags: [],
    examples: ["sky ssh ls", "sky ssh ls -o json rack"]
  }
} satisfies Readonly<Record<string, Page>>
