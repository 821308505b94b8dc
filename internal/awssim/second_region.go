package awssim

import "slices"

// InRegion is the same account in another region. IAM, Route 53, AWS Budgets and
// CloudWatch's dashboards know no regions: what one of the two has there, the other
// has too. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
// says so of dashboards. The two are not for use at the same time.
func (s *Sim) InRegion(region string) (*Sim, error) {
	opts := s.opts
	opts.Region, opts.File = region, ""
	other, err := New(opts)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.elsewhere, other.elsewhere = append(s.elsewhere, region), append(slices.Clone(s.elsewhere), s.world.Region)
	w, own := other.world, s.world
	w.Roles, w.OIDCProviders, w.ManagedPolicies, w.Operator = own.Roles, own.OIDCProviders, own.ManagedPolicies, own.Operator
	w.HostedZones, w.DNSChanges, w.Dashboards, w.Budgets = own.HostedZones, own.DNSChanges, own.Dashboards, own.Budgets
	return other, nil
}
