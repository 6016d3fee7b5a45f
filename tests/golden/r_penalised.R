# Elastic nets of the four hospitals by glmnet, converged to 1e-22, for test_golden_penalised.py.
# Rscript tests/golden/r_penalised.R ../shared/data tests/golden/r_penalised_folds.txt > tests/golden/r_penalised.txt
suppressPackageStartupMessages(library(glmnet))
cat("#", R.version.string, "| glmnet", as.character(packageVersion("glmnet")), "\n")
arguments <- commandArgs(trailingOnly = TRUE)
names_of_heart <- c("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope",
                    "ca", "thal", "num")
used <- c("age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak", "num")
heart <- do.call(rbind, lapply(c("cleveland", "hungarian", "switzerland", "va"), function(hospital) {
  table <- read.csv(file.path(arguments[1], "heart", paste0("processed.", hospital, ".data")), header = FALSE,
                    col.names = names_of_heart, na.strings = "?")
  na.omit(table[, used])
}))
folds <- as.matrix(read.table(arguments[2])) + 1
say <- function(case, name, value) cat(sprintf("%s|%s|%.17g\n", case, name, value), sep = "")
run <- function(case, x, y, family, alpha, lambdas, fold) {
  model <- glmnet(x, y, family = family, alpha = alpha, lambda = lambdas, thresh = 1e-22, maxit = 1e8)
  for (l in seq_along(lambdas)) {
    say(case, sprintf("%d Intercept", l), model$a0[l])
    for (name in rownames(model$beta)) say(case, sprintf("%d %s", l, name), model$beta[name, l])
    say(case, sprintf("%d deviance ratio", l), model$dev.ratio[l])
  }
  say(case, "null deviance", model$nulldev)
  crossed <- cv.glmnet(x, y, family = family, alpha = alpha, lambda = lambdas, foldid = fold, thresh = 1e-22,
                       maxit = 1e8)
  for (l in seq_along(lambdas)) {
    say(case, sprintf("%d cv deviance", l), crossed$cvm[l])
    say(case, sprintf("%d cv error", l), crossed$cvsd[l])
  }
  say(case, "lambda min", crossed$lambda.min)
  say(case, "lambda 1se", crossed$lambda.1se)
}
x <- model.matrix(~ age + factor(sex) + factor(cp) + trestbps + thalach + exang + oldpeak, heart)[, -1]
ill <- as.numeric(heart$num > 0)
for (alpha in c(1, 0.4, 0))
  run(sprintf("binomial %g", alpha), x, ill, "binomial", alpha, c(0.2, 0.1, 0.05, 0.02, 0.01, 0.004), folds[, 1])
for (alpha in c(1, 0.4))
  run(sprintf("poisson %g", alpha), x, heart$num, "poisson", alpha, c(0.4, 0.2, 0.1, 0.05, 0.02, 0.005), folds[, 1])
x <- model.matrix(~ age + I(age^2) + factor(sex) + factor(cp) + thalach + exang + oldpeak, heart)[, -1]
run("gaussian 1", x, heart$trestbps, "gaussian", 1, c(4, 2, 1, 0.5, 0.2, 0.05), folds[, 2])
