/** What the daemon does with a cluster, in words, by the names that the log has for it. Pure. */

/** Of what only writes down as well. */
export const actionWords = {
  Provision: "provisioning",
  LookFor: "looking for what it had asked for",
  AskOnce: "looking for what it had asked for",
  RequestNodes: "asking for nodes",
  AskAgain: "asking for nodes again",
  BeginStart: "starting its nodes",
  StartNodes: "starting its nodes",
  FinishStart: "starting its nodes",
  InstallAgents: "installing the runtime",
  Arm: "setting autostop",
  OpenPorts: "opening its ports",
  LookForPorts: "looking whether its ports are open",
  Sync: "syncing the workdir",
  Mount: "syncing file_mounts",
  BeginSetup: "beginning its setup",
  FailSetup: "ending its setup",
  FailMisfit: "checking its task",
  Submit: "submitting its job",
  NextPlace: "looking for another place",
  NextRound: "looking for a place again",
  ClearPlace: "releasing the nodes of a place that did not give all",
  GiveUpPlace: "clearing up after its search",
  StopNodes: "stopping its nodes",
  ReleaseNodes: "releasing its nodes",
  Conclude: "clearing up after it",
  EndRequests: "ending its requests"
} as const

/** A log may hold what an action was called once. */
export const actionText = (action: string): string =>
  Object.hasOwn(actionWords, action) ? actionWords[action as keyof typeof actionWords] : action
