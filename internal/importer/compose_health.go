package importer

// test is the health command, as ECS takes it.
func (c *compose) test(s *tree) ([]string, *tree) {
	t := c.filled(s.get("healthcheck", "test"))
	if t == nil {
		return nil, nil
	}
	if t.kind == scalar {
		return []string{"CMD-SHELL", t.str()}, t
	}
	var out []string
	for _, x := range t.items {
		out = append(out, x.str())
	}
	if len(out) == 0 || out[0] == "NONE" {
		return nil, t
	}
	return out, t
}

func (c *compose) healthcheck(a *agent, s *tree) {
	h := c.filled(s.get("healthcheck"))
	if h == nil {
		return
	}
	command, t := c.test(s)
	if off, _ := h.get("disable").yes(); off || command == nil {
		a.health.container = check{}
		h.own("there is no check of the container unless health.command says one")
		return
	}
	options := map[string]int{}
	for k, name := range map[string]string{"interval": "interval", "timeout": "timeout", "start_period": "start-period", "retries": "retries"} {
		if n, ok := seconds(h.get(k).str()); ok {
			options[name] = n
		}
	}
	c.check(a, t, command, options)
	if t.outcome != carried {
		return
	}
	for _, k := range []string{"interval", "timeout", "start_period", "retries"} {
		h.get(k).carry(a.key("health.command"))
	}
	h.get("start_interval").own("ECS checks at one interval")
}
