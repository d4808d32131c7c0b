/** How Compute Engine says that it does not take the credentials, whatever is asked: they are wrong, have expired, or are none. Pure. */
export const notTaken = ["required", "authError", "Credentials"]
