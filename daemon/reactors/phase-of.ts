/** Which part of an operation an action is of, as its progress calls it. Pure. */
import type { Progress } from "../../sdk/protocol/Wire.ts"
import type { Action } from "./plan.ts"

const phaseOfAction: Readonly<Record<Action["_tag"], Progress["phase"]>> = {
  Provision: "provision",
  RequestNodes: "provision",
  AskAgain: "provision",
  NextPlace: "provision",
  NextRound: "provision",
  ClearPlace: "provision",
  GiveUpPlace: "provision",
  BeginStart: "provision",
  StartNodes: "provision",
  OpenPorts: "provision",
  LookForPorts: "provision",
  InstallAgents: "bootstrap",
  Arm: "autostop",
  Sync: "sync",
  Mount: "sync",
  FinishStart: "bootstrap",
  BeginSetup: "setup",
  FailSetup: "setup",
  FailMisfit: "submit",
  Submit: "submit",
  EndRequests: "submit",
  StopNodes: "stop",
  LookFor: "down",
  AskOnce: "down",
  ReleaseNodes: "down",
  Conclude: "down"
}

/** A log may hold what an action was called once. */
export const phaseOf = (action: string): Progress["phase"] =>
  Object.hasOwn(phaseOfAction, action) ? phaseOfAction[action as Action["_tag"]] : "provision"
