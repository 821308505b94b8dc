package agents

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Mounted is a volume of the agent as one of its other containers sees it.
type Mounted struct {
	Volume string
	// Path is where; of a file without one it is where the agent's own container sees it.
	Path     string
	ReadOnly bool
}

// mountedValue is a mapping from a volume of the agent to where a container sees it.
func mountedValue() value[[]Mounted] {
	one := object("mounted", []field[Mounted]{
		key("path", "Where the container sees it. Default: where the agent's own does.", text(volumePathRule), func(m *Mounted) *string { return &m.Path }),
		key("read_only", "Let the container read it and not write.", boolean(), func(m *Mounted) *bool { return &m.ReadOnly }),
	})
	return byName(volumeRule, "a volume of the agent", one, func(name string) Mounted { return Mounted{Volume: name} }, func(m Mounted) string { return m.Volume })
}

// volume is the agent's of a name; nil without one.
func (a *Agent) volume(name string) *Volume {
	i := slices.IndexFunc(a.Volumes, func(v Volume) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return &a.Volumes[i]
}

// Seen are the containers that see a volume, with where they do; the agent's own has its name.
func (a *Agent) Seen(volume string) map[string]Mounted {
	out := map[string]Mounted{}
	if v := a.volume(volume); v != nil && v.Path != "" {
		out[a.Name] = Mounted{volume, v.Path, v.ReadOnly}
	}
	for _, s := range a.Containers() {
		for _, m := range s.Volumes {
			if m.Volume == volume {
				out[s.Name] = m
			}
		}
	}
	return out
}

// Writes tells whether a container of the agent may write to a volume.
func (a *Agent) Writes(volume string) bool {
	for _, m := range a.Seen(volume) {
		if !m.ReadOnly {
			return true
		}
	}
	return false
}

// fillInMounted completes what containers beside the agent's own say of its volumes.
func fillInMounted(a *Agent) {
	for _, s := range a.Containers() {
		for i := range s.Volumes {
			if v := a.volume(s.Volumes[i].Volume); v != nil && s.Volumes[i].Path == "" {
				s.Volumes[i].Path = v.Path
			}
		}
	}
}

// fillInShared gives each volume that is another agent's what that one is on.
func fillInShared(c *Config) {
	give := func(all []Volume) {
		for i := range all {
			if from := c.sharedBy(all[i].Of); from != nil {
				all[i].EFS, all[i].AccessPoint, all[i].Directory = from.EFS, from.AccessPoint, from.Directory
			}
		}
	}
	for i := range c.Agents {
		give(c.Agents[i].Volumes)
	}
	for _, j := range c.Jobs {
		give(j.Own.Volumes)
	}
}

// sharedBy is the volume that AGENT/VOLUME names; nil without one.
func (c *Config) sharedBy(of string) *Volume {
	agent, volume, named := strings.Cut(of, "/")
	if !named {
		return nil
	}
	owner, _ := c.Owner(agent)
	return owner.volume(volume)
}

// checkVolumes holds the volumes of an agent, or of a job with an image, against what AWS
// takes and against each other.
func checkVolumes(r *reader, c *Config, at string, a *Agent) {
	var own []placedMount
	for _, v := range a.Volumes {
		place := join(at, "volumes", v.Name)
		checkVolume(r, c, place, a, v)
		own = append(own, placedMount{Mounted{v.Name, v.Path, v.ReadOnly}, place})
	}
	checkPaths(r, own)
	for i, s := range a.Init {
		checkMounted(r, join(at, "init", strconv.Itoa(i)), a, s)
	}
	for _, s := range a.Sidecars {
		checkMounted(r, join(at, "sidecars", s.Name), a, s)
	}
}

// checkVolume: an access point says itself which directory is mounted, so that ECS takes no
// other beside it, and both are of a file system that is there.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html
func checkVolume(r *reader, c *Config, at string, a *Agent, v Volume) {
	if !r.sound(at) {
		return
	}
	stated := func(key string) bool { return r.stated(at, key) && r.sound(join(at, key)) }
	if v.Path == "" && len(a.Seen(v.Name)) == 0 && r.sound(join(at, "path")) {
		r.problem(r.places[at].key, v.Name+" has no path", "path: where the agent's container sees it; or volumes of a sidecar that names it")
	}
	if v.Ephemeral {
		for _, k := range []string{"efs", "access_point", "directory", "of"} {
			if stated(k) {
				r.problem(r.places[join(at, k)].key, k+" does not go with ephemeral", "one of the two: what is ephemeral is on the task's own disk, and no other task sees it")
			}
		}
		return
	}
	if stated("of") {
		for _, k := range []string{"efs", "access_point", "directory"} {
			if stated(k) {
				r.problem(r.places[join(at, k)].key, k+" does not go with of", "one of the two: of names a volume, which has its own file system")
			}
		}
		checkShared(r, c, at, a, v)
		return
	}
	for _, k := range []string{"access_point", "directory"} {
		if stated(k) && !r.stated(at, "efs") {
			r.problem(r.places[join(at, k)].key, k+" needs efs", "efs: fs-… names the file system that is there; on the stack's own, each volume has a directory and an access point already")
		}
	}
	if stated("access_point") && stated("directory") {
		r.problem(r.places[join(at, "directory")].key, "directory does not go with access_point", "one of the two: the access point says which directory is mounted")
	}
}

// checkShared: the volume is there, and is the other's own.
func checkShared(r *reader, c *Config, at string, a *Agent, v Volume) {
	agent, _, _ := strings.Cut(v.Of, "/")
	from := c.sharedBy(v.Of)
	switch {
	case agent == a.Name:
		r.problem(r.at(at, "of"), v.Of+" is of the agent itself", "a volume of another agent, as AGENT/VOLUME")
	case from == nil:
		var all []string
		for _, o := range c.Owners() {
			for _, x := range o.Volumes {
				if o.Name != a.Name && x.Of == "" && !x.Ephemeral {
					all = append(all, o.Name+"/"+x.Name)
				}
			}
		}
		if len(all) == 0 {
			r.problem(r.at(at, "of"), fmt.Sprintf("there is no volume %q", shorten(v.Of)), "a volume of another agent, and none has one")
			return
		}
		r.problem(r.at(at, "of"), fmt.Sprintf("there is no volume %q", shorten(v.Of)), suggest(v.Of, all))
	case from.Ephemeral:
		r.problem(r.at(at, "of"), v.Of+" is ephemeral: on the disk of each task of "+agent, "a volume that is not, which is on EFS")
	case from.Of != "":
		r.problem(r.at(at, "of"), fmt.Sprintf("%s is %s itself", v.Of, from.Of), "of: "+from.Of)
	}
}

// placedMount is a mount with its place in the file.
type placedMount struct {
	Mounted
	at string
}

// checkMounted: another container sees volumes of the agent.
func checkMounted(r *reader, at string, a *Agent, s Sidecar) {
	var all []placedMount
	for _, m := range s.Volumes {
		place := join(at, "volumes", m.Volume)
		all = append(all, placedMount{m, place})
		switch {
		case !r.sound(place):
		case a.volume(m.Volume) == nil:
			var names []string
			for _, v := range a.Volumes {
				names = append(names, v.Name)
			}
			hint := "the agent has none: volumes: {" + m.Volume + ": {…}} beside its sidecars"
			if len(names) > 0 {
				hint = suggest(m.Volume, names)
			}
			r.problem(r.places[place].key, fmt.Sprintf("the agent has no volume %q", shorten(m.Volume)), hint)
		case m.Path == "" && r.sound(join(place, "path")):
			r.problem(r.places[place].key, m.Volume+" has no path here", "path: where the container sees it, as the agent's own does not")
		}
	}
	checkPaths(r, all)
}

// checkPaths: a path that is another one's of the container, or is below it, would be hidden
// or not as the mounts happen to come.
func checkPaths(r *reader, all []placedMount) {
	whole := func(m placedMount) bool { return m.Path != "" && r.sound(m.at, join(m.at, "path")) }
	for i, m := range all {
		clash := slices.IndexFunc(all[:i], func(other placedMount) bool {
			return whole(m) && whole(other) && (within(m.Path, other.Path) || within(other.Path, m.Path))
		})
		if clash < 0 {
			continue
		}
		where, other := r.at(m.at, "path"), all[clash]
		if m.Path == other.Path {
			r.problem(where, fmt.Sprintf("%s is the path of the volume %s, too", m.Path, other.Volume), "a path for each volume")
			continue
		}
		r.problem(where, fmt.Sprintf("%s and the path of the volume %s, %s, are one within the other", m.Path, other.Volume, other.Path), "paths beside each other, such as /data/a and /data/b")
	}
}
