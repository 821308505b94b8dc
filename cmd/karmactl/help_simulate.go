package main

// aboutSimulate is help simulate: what a rehearsal is, and how it is made to fail.
const aboutSimulate = `A rehearsal runs every command against a simulated AWS: it needs no account,
costs nothing, and every header says SIMULATED.

  karmactl --simulate w.json up --yes
  karmactl --simulate w.json deploy validator --image public.ecr.aws/x/a:crash
  KARMACTL_SIMULATE=w.json karmactl status

w.json is the account. What belongs to it is kept beside it: the images that
were pushed (w.json.registry), the state (w.json.state), and w.json.lock and
others, with which commands that run at once wait for each other. rm -r w.json*
begins again. Prices are those of AWS; what takes minutes in AWS takes seconds.

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
