/** The phases of a launch or exec as users are told of them; nobody shows the phases of others. */
import type { Progress } from "../protocol/Wire.ts"

type Phase = Progress["phase"]
type Shown = Exclude<Phase, "cancel" | "stop" | "down">

/** While it runs, and when it is done. A new phase does not compile without. */
const words: Readonly<Record<Shown, string>> = {
  queued: "Waiting,Waited",
  provision: "Provisioning,Provisioned",
  bootstrap: "Starting,Started",
  autostop: "Autostop,Autostop",
  sync: "Syncing,Synced",
  setup: "Setting up,Set up",
  submit: "Submitting,Submitted"
}
export const phaseText = (phase: Phase, done: boolean): string => words[phase as Shown]?.split(",")[done ? 1 : 0] ?? phase

/** Said only when they fail: their success is another line's. */
export const quiet: ReadonlyArray<Phase> = ["queued", "submit"]
