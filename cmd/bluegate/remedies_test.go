package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// remedies are the functions whose texts say what to run or to write, with the number of such texts and the tests that
// carry them out. A text that is a command of bluegate is carried out where that command is tested.
var remedies = map[string]struct {
	texts int
	tests []string
}{
	"cmd/bluegate/setup.double":         {2, []string{"TestTutorial"}},
	"cmd/bluegate/adopt.FirstSwitch":    {5, []string{"TestTutorial"}},
	"cmd/bluegate/ui.writeDoubling":     {1, []string{"TestTutorial"}},
	"compose/load.commonServices":       {1, []string{"TestOptions"}},
	"compose/state.Read":                {1, []string{"TestCorruptJournalIsLeftAlone"}},
	"compose.String":                    {1, []string{"TestRequireProposesTheProjectOfATakenName"}},
	"compose.externalNetworks":          {1, []string{"TestRequire"}},
	"compose.externalVolumes":           {1, []string{"TestRequire"}},
	"compose.remedy":                    {1, []string{"TestRequire", "TestRequireProposesTheProjectOfATakenName", "TestRemedyOfATakenNameRemovesNothing"}},
	"compose/swarm.externalNetworks":    {1, []string{"TestSwarmPage"}},
	"compose/swarm.ignoredFinding":      {1, []string{"TestFindings"}},
	"deploy/plan.AddressesNotLoaded":    {1, []string{"TestAddressesThatNginxDoesNotKnow"}},
	"deploy/plan.losesRollback":         {3, []string{"TestDrillThatIsRefused"}},
	"nginx/lint.requestsUnseen":         {1, []string{"TestJudgedBake"}},
	"nginx/mode.apart":                  {1, []string{"TestCanaryKilled"}},
	"nginx/mode.look":                   {1, []string{"TestTesters"}},
	"deploy/plan.planJudge":             {1, []string{"TestTestersChange"}},
	"nginx/mode.leftOver":               {1, []string{"TestLeftOver"}},
	"deploy/plan.examineProbe":          {3, []string{"TestHealthcheckRemediesAreCarriedOut"}},
	"deploy/model.ForeignTo":            {1, []string{"TestForeignJournal"}},
	"deploy/plan.NamesNotHeld":          {1, []string{"TestStatusTellsOfNames", "TestNginxCanStartAgain"}},
	"deploy/plan.startFirst":            {1, []string{"TestStartFirst", "TestRemedyOfAFileThatIsNotLoaded"}},
	"deploy/plan.notPromoted":           {2, []string{"TestStartedWithoutBluegate"}},
	"deploy/plan.startedAgain":          {2, []string{"TestStartedWithoutBluegate"}},
	"deploy/plan.RestartPolicyLost":     {1, []string{"TestRestartPolicyAfterASwitchBackByHand"}},
	"nginx/incontainer.ReloadCommand":   {1, []string{"TestReloadRemedyIsCarriedOut"}},
	"nginx/mode.atPoint":                {1, []string{"TestLeftOver"}},
	"deploy/plan.notePlaces":            {1, []string{"TestLeftOver"}},
	"nginx/mode.Mentions":               {1, []string{"TestNameOfBothRemedyIsCarriedOut"}},
	"nginx/mode.choosers":               {1, []string{"TestChooserRemediesAreCarriedOut"}},
	"nginx/incontainer.Elsewhere":       {1, []string{"TestFindElsewhere"}},
	"nginx/lint.bothColours":            {1, []string{"TestConfigurationRemediesAreCarriedOut"}},
	"nginx/lint.connectTimeout":         {1, []string{"TestConfigurationRemediesAreCarriedOut"}},
	"nginx/lint.errorLog":               {1, []string{"TestConfigurationRemediesAreCarriedOut"}},
	"nginx/lint.firstProcess":           {2, []string{"TestFirstProcessRemedyIsCarriedOut"}},
	"nginx/lint.keepAliveRace":          {2, []string{"TestConfigurationRemediesAreCarriedOut"}},
	"nginx/lint.leavingTooLong":         {1, []string{"TestConfigurationRemediesAreCarriedOut"}},
	"nginx/mode.mention":                {1, []string{"TestLeftOver"}},
	"nginx/lint.mountRemedy":            {3, []string{"TestStorageRemediesAreCarriedOut"}},
	"nginx/lint.notLoaded":              {1, []string{"TestReloadRemedyIsCarriedOut"}},
	"nginx.leadElsewhere":               {1, []string{"TestObserveAnotherNginxThatNamesTheColour"}},
	"nginx.notRendered":                 {1, []string{"TestConfigurationMadeAtStart"}},
	"nginx.ownFileRemedy":               {1, []string{"TestConfigurationMadeAtStart"}},
	"nginx/incontainer.RunCommand":      {1, []string{"TestWhatIsSaidIsTrue"}},
	"nginx/incontainer.pass":            {1, []string{"TestFindByConfiguration"}},
	"nginx/lint.reusePort":              {2, []string{"TestConfigurationRemediesAreCarriedOut"}},
	"nginx/lint.shutdownTimeout":        {1, []string{"TestConfigurationRemediesAreCarriedOut"}},
	"nginx.startNotChecked":             {1, []string{"TestTryRestart"}},
	"nginx/lint.storedBadly":            {4, []string{"TestStorageRemediesAreCarriedOut"}},
	"nginx/lint.trackedByGit":           {1, []string{"TestGitRemedyIsCarriedOut"}},
	"nginx.tryRestart":                  {1, []string{"TestConfigurationMadeAtStart"}},
	"nginx/lint.unixSockets":            {1, []string{"TestConfigurationRemediesAreCarriedOut"}},
	"nginx/incontainer.RestartFindings": {1, []string{"TestRestartPolicyRemedyIsCarriedOut"}},
	"nginx/lint.upstreamKeepalive":      {1, []string{"TestConfigurationRemediesAreCarriedOut"}},
	"nginx/lint.variablePass":           {1, []string{"TestConfigurationRemediesAreCarriedOut"}},
}

// ofOthers finds the commands in a text.
var (
	ofOthers = regexp.MustCompile("docker (update|rm|rmi|cp|compose|network|volume|exec|restart|start|stop|kill|run|rename|tag) |nginx -s reload|git rm|mkdir ")
)

// Each remedy that is a command or an edit is in the table above, with the test that carries it out. A remedy without a
// test fails here.
func TestEachRemedyIsCarriedOut(t *testing.T) {
	root := filepath.Join("..", "..")
	found, tests := map[string]int{}, map[string]bool{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		if d.IsDir() && rel != "." && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if strings.HasSuffix(name, "_test.go") {
				tests[f.Name.Name] = true
				continue
			}
			if strings.HasPrefix(rel, "testdata") {
				continue
			}
			if n := textsOf(f); n > 0 {
				found[filepath.ToSlash(filepath.Dir(rel))+"."+f.Name.Name] += n
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if known := remedies[name]; known.texts != found[name] {
			t.Errorf("%s has %d texts that tell what to run or to write, and the table of remedies has %d of them: add a test that carries the new one out, in a folder that is not empty where it has to do with files, and name it there", name, found[name], known.texts)
		}
	}
	for name, known := range remedies {
		if found[name] == 0 {
			t.Errorf("the table of remedies has %s, which has none", name)
		}
		for _, test := range known.tests {
			if !tests[test] {
				t.Errorf("%s: there is no test %s", name, test)
			}
		}
		if len(known.tests) == 0 {
			t.Errorf("%s: no test carries it out", name)
		}
	}
}

// textsOf counts the texts of a function that are a field Remedy or contain a command of another program.
func textsOf(f *ast.FuncDecl) (n int) {
	var inRemedy []ast.Node
	ast.Inspect(f, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.KeyValueExpr:
			if key, ok := node.Key.(*ast.Ident); ok && key.Name == "Remedy" {
				inRemedy = append(inRemedy, node.Value)
			}
		case *ast.AssignStmt:
			for i, to := range node.Lhs {
				if sel, ok := to.(*ast.SelectorExpr); ok && sel.Sel.Name == "Remedy" && i < len(node.Rhs) {
					inRemedy = append(inRemedy, node.Rhs[i])
				}
			}
		}
		return true
	})
	n = len(inRemedy)
	ast.Inspect(f, func(node ast.Node) bool {
		text, ok := node.(*ast.BasicLit)
		if ok && text.Kind == token.STRING && ofOthers.MatchString(text.Value) && !slices.ContainsFunc(inRemedy, func(r ast.Node) bool { return r.Pos() <= text.Pos() && text.End() <= r.End() }) {
			n++
		}
		return true
	})
	return n
}
