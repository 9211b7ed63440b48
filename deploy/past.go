package deploy

import (
	"context"

	"bluegate/deploy/model"
)

// Past returns the project's name and its releases that ended, the newest first. What another application of the same
// name did is left out.
func (d *Deployer) Past(ctx context.Context) (project string, records []model.HistoryRecord, err error) {
	app, err := d.Stack.Load(ctx)
	if err != nil {
		return app.Project, nil, err
	}
	records, err = d.History.History(ctx, app.Project)
	return app.Project, model.HistoryOf(records, model.IdentityOf(app, "")), err
}
