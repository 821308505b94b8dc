package main

// aboutSimulate is help simulate: what a rehearsal is, and how it is made to fail.
const aboutSimulate = `A rehearsal runs every command against a simulated AWS: it needs no account,
costs nothing, and every header says SIMULATED.

  karmactl --simulate world up --yes
  karmactl --simulate world deploy validator --image public.ecr.aws/x/a:crash
  KARMACTL_SIMULATE=world karmactl status

The folder world is the account, with the images that were pushed, the state
and the locks of commands that run at once; nothing is written elsewhere.
rm -r world begins again. (An account that an earlier karmactl keeps in a file
is used as it is: --simulate FILE.)
Prices are those of AWS; what takes minutes in AWS takes seconds.

Any image is there and answers. Its tag makes it fail:

  :crash        the program exits with code 1, three seconds after it starts
  :oom          it is killed, because its memory is used up (exit code 137)
  :unhealthy    it runs, and fails the health checks of target and container
  :missing      no such image is in the registry
  :amd64-only   the image has no part for arm64 (arch: arm64)
  :arm64-only   the image has no part for x86 (arch: x86_64)

The environment variable AWSSIM_BEHAVIOUR of a container takes the same words
without the colon, and goes before the tag. karmactl try shows most of it in a
minute.
`
